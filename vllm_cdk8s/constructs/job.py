"""A Job in the tree, under an id and a name that change with what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vllm_cdk8s.constructs.apps import name_in_tree, place
from vllm_cdk8s.constructs.tree import put
from vllm_cdk8s.core.kube.manifest import Manifest

if TYPE_CHECKING:
    import cdk8s
    from constructs import Construct

    from vllm_cdk8s.core.jobs.job import JobPlan


def add_job(construct: Construct, scope: Construct, id: str, plan: JobPlan, *, name: str | None) -> cdk8s.ApiObject:
    """Put a Job below its construct.

    Args:
        construct: the Job's construct.
        scope: the scope of that.
        id: its id there.
        plan: the Job.
        name: what its name begins with; None lets cdk8s name it.
    """
    if name is None:
        full_name = name_in_tree(scope, id, plan.digest)
    else:
        full_name = plan.name(name)
        registry, namespace = place(scope)
        registry.take_name("Job", namespace, full_name, construct)
    manifest = Manifest(
        api_version="batch/v1", kind="Job", name=full_name, labels=plan.labels, annotations=plan.annotations,
        body={"spec": plan.spec},
    )  # fmt: skip
    return put(construct, plan.digest, manifest)
