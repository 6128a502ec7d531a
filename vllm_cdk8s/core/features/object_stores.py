"""Where weights are streamed from, and who may read there: S3 and what speaks its protocol, Google's, Azure's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.secrets import literal_secret
from vllm_cdk8s.core.kube.wire import prune
from vllm_cdk8s.core.pod.secret_key import SecretKey

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLACE = "streaming.store"
_VOLUME, _FOLDER, _FILE = "store-key", "/store-key", "key.json"


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class S3Storage:
    """A bucket of S3, or of what speaks its protocol: ``S3Storage(endpoint="http://minio.storage:9000", ...)``.

    Without keys the pod authenticates as any AWS client does: by the role of its service account (EKS Pod
    Identity, IRSA), or of its node. The Secrets must be in the server's namespace.

    Args:
        endpoint: the store's address, where it is not AWS's own.
        region: the region, where neither the pod nor the endpoint says it.
        access_key: the entry of a Secret that holds the access key's id.
        secret_key: the one that holds the secret access key.
        session_token: the one that holds a session token, for keys that do not last.
        path_style: name the bucket in the path and not in the host, as most stores that are not AWS's want it.

    Raises:
        InvalidOptionError: the endpoint is not a URL, or a key is not an entry of a Secret.
        ConflictError: one of the two keys is missing.
    """

    endpoint: str | None = None
    region: str | None = None
    access_key: SecretKey | None = None
    secret_key: SecretKey | None = None
    session_token: SecretKey | None = None
    path_style: bool = False

    def __post_init__(self) -> None:
        with Collector() as found:
            found.attempt(checks.boolean, f"{_PLACE}.path_style", self.path_style)
            found.given(checks.text, f"{_PLACE}.region", self.region)
            for name in ("access_key", "secret_key", "session_token"):
                found.attempt(_secret, name, getattr(self, name))
            if (self.access_key is None) != (self.secret_key is None):
                missing = "access_key" if self.access_key is None else "secret_key"
                what = "is missing beside the other half of the key"
                found.note(ConflictError(what, option=f"{_PLACE}.{missing}"))
            elif self.session_token is not None and self.access_key is None:
                what = "is of no use without access_key and secret_key"
                found.note(ConflictError(what, option=f"{_PLACE}.session_token"))
            found.given(
                checks.url, f"{_PLACE}.endpoint", self.endpoint, such_as="http://minio.storage:9000",
                credentials="access_key= and secret_key= from a Secret",
            )  # fmt: skip

    schemes: ClassVar[tuple[str, ...]] = ("s3://",)

    def environment(self) -> dict[str, Any]:
        """What the streamer, and AWS's own libraries, read."""
        keys = {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_SESSION_TOKEN": self.session_token,
        }
        endpoint = {} if self.endpoint is None else {
            "AWS_ENDPOINT_URL": self.endpoint,
            "RUNAI_STREAMER_S3_ENDPOINT": self.endpoint,
            # Elsewhere nobody answers for AWS's own metadata, which is asked first.
            "AWS_EC2_METADATA_DISABLED": "true",
        }  # fmt: skip
        return {
            **_references(keys),
            **endpoint,
            **prune({"AWS_REGION": self.region}),
            **({"RUNAI_STREAMER_S3_USE_VIRTUAL_ADDRESSING": "0"} if self.path_style else {}),
        }

    def tensorizer_environment(self) -> dict[str, Any]:
        """What vLLM's tensorizer loader reads."""
        keys = {"S3_ACCESS_KEY_ID": self.access_key, "S3_SECRET_ACCESS_KEY": self.secret_key}
        return {**_references(keys), **prune({"S3_ENDPOINT_URL": self.endpoint})}

    def volumes(self) -> tuple[tuple[Mapping[str, Any], ...], tuple[Mapping[str, Any], ...]]:
        """None."""
        return (), ()


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class GoogleStorage:
    """Google Cloud Storage: ``GoogleStorage(key=SecretKey("reader", "key.json"))``.

    Args:
        key: the entry of a Secret that holds a service account's key file; without it the pod authenticates by Workload
            Identity, or by its node.

    Raises:
        InvalidOptionError: the key is not an entry of a Secret.
    """

    key: SecretKey | None = None

    def __post_init__(self) -> None:
        _secret("key", self.key)

    schemes: ClassVar[tuple[str, ...]] = ("gs://",)

    def environment(self) -> dict[str, Any]:
        """What the streamer, and Google's own libraries, read."""
        if self.key is None:
            return {}
        path = f"{_FOLDER}/{_FILE}"
        return {"GOOGLE_APPLICATION_CREDENTIALS": path, "RUNAI_STREAMER_GCS_CREDENTIAL_FILE": path}

    def volumes(self) -> tuple[tuple[Mapping[str, Any], ...], tuple[Mapping[str, Any], ...]]:
        """The key file's, and where it is mounted."""
        if self.key is None:
            return (), ()
        source = self.key.wire()["secretKeyRef"]
        secret = {"secretName": source["name"], "items": [{"key": source["key"], "path": _FILE}]}
        mount = {"name": _VOLUME, "mountPath": _FOLDER, "readOnly": True}
        return ({"name": _VOLUME, "secret": secret},), (mount,)


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class AzureStorage:
    """Azure Blob Storage: ``AzureStorage(account="models", key=SecretKey("models", "key"))``.

    Args:
        account: the storage account.
        key: the entry of a Secret that holds the account's key; without it, and without ``sas_token``, the pod
            authenticates by its workload identity.
        sas_token: the one that holds a shared access signature.

    Raises:
        InvalidOptionError: the account's name is not valid, or a key is not an entry of a Secret.
        ConflictError: both a key and a token.
    """

    account: str
    key: SecretKey | None = None
    sas_token: SecretKey | None = None

    def __post_init__(self) -> None:
        with Collector() as found:
            found.attempt(_check_account, f"{_PLACE}.account", self.account)
            found.attempt(_secret, "key", self.key)
            found.attempt(_secret, "sas_token", self.sas_token)
            if self.key is not None and self.sas_token is not None and found.sound(f"{_PLACE}.key"):
                raise ConflictError("contradicts key; say one of the two", option=f"{_PLACE}.sas_token")

    schemes: ClassVar[tuple[str, ...]] = ("az://",)

    def environment(self) -> dict[str, Any]:
        """What the streamer reads."""
        keys = {"AZURE_STORAGE_ACCOUNT_KEY": self.key, "AZURE_STORAGE_SAS_TOKEN": self.sas_token}
        return {"AZURE_STORAGE_ACCOUNT_NAME": self.account, **_references(keys)}

    def volumes(self) -> tuple[tuple[Mapping[str, Any], ...], tuple[Mapping[str, Any], ...]]:
        """None."""
        return (), ()


def _check_account(option: str, account: object) -> None:
    name = checks.text(option, account)
    if not (name.isascii() and name.isalnum() and name == name.lower()):
        raise InvalidOptionError(
            f"{name!r} is not a storage account; allowed: lowercase letters and digits", option=option
        )


def _secret(name: str, value: object) -> None:
    if value is not None and not isinstance(value, SecretKey):
        raise literal_secret(f"{_PLACE}.{name}", allowed='SecretKey("name", "key")')


def _references(keys: Mapping[str, SecretKey | None]) -> dict[str, Any]:
    return {name: key.wire() for name, key in keys.items() if key is not None}
