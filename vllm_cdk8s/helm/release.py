"""What a release is called, and its objects with it: the chart's rules, so that a running release is taken over."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.checks import MAX_LABEL
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import NAME
from vllm_cdk8s.helm.problems import ValuesError

if TYPE_CHECKING:
    from vllm_cdk8s.helm.model import Values

CHART_NAME = "vllm"
_MAX_RELEASE = 53
_RELEASE = regex(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
# A Service's name, which is the strictest: https://www.rfc-editor.org/rfc/rfc1035
_SERVICE_NAME = regex(r"[a-z]([-a-z0-9]*[a-z0-9])?")


class Release(Struct, frozen=True, kw_only=True):
    """The names of one release.

    Attributes:
        instance: the release's own name, and the label ``app.kubernetes.io/instance``.
        fullname: the name of its objects.
        app_name: the label ``app.kubernetes.io/name``.
        claim: the claim that its pods mount, None where nothing is kept.
        service_account: the account that its pods run as.
    """

    instance: str
    fullname: str
    app_name: str
    claim: str | None
    service_account: str


def name_release(name: str, values: Values) -> Release:
    """The names of a release.

    The full name is the release's where that contains the chart's name, else ``<release>-vllm``, cut to 63 characters;
    ``nameOverride`` takes the chart name's place and ``fullnameOverride`` the full name's.

    Raises:
        ValuesError: Helm would not take the release's name, or Kubernetes not that of the objects.
    """
    if len(name) > _MAX_RELEASE or not _RELEASE.fullmatch(name):
        raise ValuesError(
            f"{name!r} is not allowed; allowed: at most {_MAX_RELEASE} lower-case letters, digits "
            "and '-', with a letter or digit at both ends",
            option="release name",
            rule=NAME,
        )
    app_name = _cut(values.name_override or CHART_NAME)
    checks.label_value("nameOverride", app_name)
    option = (
        "fullnameOverride" if values.fullname_override else "nameOverride" if values.name_override else "release name"
    )
    fullname = values.fullname_override or (name if app_name in name else f"{name}-{app_name}")
    fullname = _cut(fullname)
    if not _SERVICE_NAME.fullmatch(fullname):
        mend = "" if values.fullname_override else f"; say fullnameOverride={_service_name(fullname)}"
        raise ValuesError(
            f"{fullname!r} cannot be the name of a Service; allowed: lower-case letters, digits and '-', "
            f"beginning with a letter and ending in a letter or digit{mend}",
            option=option,
            rule=NAME,
        )
    account = values.service_account.name or (fullname if values.service_account.create else "default")
    claim = None
    if values.persistence.enabled:
        claim = values.persistence.existing_claim or f"{fullname}-pvc"
    return Release(instance=name, fullname=fullname, app_name=app_name, claim=claim, service_account=account)


def _service_name(name: str) -> str:
    """The nearest name that a Service may have."""
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return _cut(words if words[:1].isalpha() else f"vllm-{words}")


def _cut(name: str) -> str:
    return name[:MAX_LABEL].removesuffix("-")
