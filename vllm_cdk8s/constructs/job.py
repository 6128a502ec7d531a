"""A Job in the tree, under an id and a name that change with what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cdk8s

from vllm_cdk8s.constructs.apps import name_in_tree, place
from vllm_cdk8s.core.kube import checks

if TYPE_CHECKING:
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
    job = cdk8s.ApiObject(
        construct, plan.digest, api_version="batch/v1", kind="Job",
        metadata=cdk8s.ApiObjectMetadata(name=full_name, labels=dict(plan.labels), annotations=dict(plan.annotations)),
    )  # fmt: skip
    job.add_json_patch(cdk8s.JsonPatch.add("/spec", checks.plain_members(dict(plan.spec))))
    return job
