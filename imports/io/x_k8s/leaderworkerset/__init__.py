from __future__ import annotations

from pkgutil import extend_path
__path__ = extend_path(__path__, __name__)

import abc
import builtins
import datetime
import enum
import typing

import jsii
import publication
import typing_extensions

from jsii._type_checking import cached_type_hints, check_type


from ._jsii import *

class _LazyImport:
    def __init__(self, module_name: str) -> None:
        self._module_name = module_name
        self._module: typing.Any = None
    def __getattr__(self, name: str) -> typing.Any:
        if self._module is None:
            import importlib
            self._module = importlib.import_module(self._module_name)
        return getattr(self._module, name)

if typing.TYPE_CHECKING:

    import cdk8s as _cdk8s_d3d9af27
    import constructs as _constructs_77d1e7e8
else:

    _cdk8s_d3d9af27 = _LazyImport("cdk8s")
    _constructs_77d1e7e8 = _LazyImport("constructs")


class LeaderWorkerSet(
    _cdk8s_d3d9af27.ApiObject,
    metaclass=jsii.JSIIMeta,
    jsii_type="iox-k8sleaderworkerset.LeaderWorkerSet",
):
    '''Groups of pods, each a leader and its workers, that live and die together.

    :schema: LeaderWorkerSet
    '''

    def __init__(
        self,
        scope: "_constructs_77d1e7e8.Construct",
        id: builtins.str,
        *,
        spec: typing.Union["LeaderWorkerSetSpec", typing.Dict[builtins.str, typing.Any]],
        metadata: typing.Optional[typing.Union["_cdk8s_d3d9af27.ApiObjectMetadata", typing.Dict[builtins.str, typing.Any]]] = None,
    ) -> None:
        '''Defines a "LeaderWorkerSet" API object.

        :param scope: the scope in which to define this object.
        :param id: a scope-local name for the object.
        :param spec: 
        :param metadata: 
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__b31fc6cb8a51a2f52a87b26c073fdea936e13ce1b868213f89a41bd9242261ec)
            check_type(argname="argument scope", value=scope, expected_type=type_hints["scope"])
            check_type(argname="argument id", value=id, expected_type=type_hints["id"])
        props = LeaderWorkerSetProps(spec=spec, metadata=metadata)

        jsii.create(self.__class__, self, [scope, id, props])

    @jsii.member(jsii_name="manifest")
    @builtins.classmethod
    def manifest(
        cls,
        *,
        spec: typing.Union["LeaderWorkerSetSpec", typing.Dict[builtins.str, typing.Any]],
        metadata: typing.Optional[typing.Union["_cdk8s_d3d9af27.ApiObjectMetadata", typing.Dict[builtins.str, typing.Any]]] = None,
    ) -> typing.Any:
        '''Renders a Kubernetes manifest for "LeaderWorkerSet".

        This can be used to inline resource manifests inside other objects (e.g. as templates).

        :param spec: 
        :param metadata: 
        '''
        props = LeaderWorkerSetProps(spec=spec, metadata=metadata)

        return typing.cast(typing.Any, jsii.sinvoke(cls, "manifest", [props]))

    @jsii.member(jsii_name="toJson")
    def to_json(self) -> typing.Any:
        '''Renders the object to Kubernetes JSON.'''
        return typing.cast(typing.Any, jsii.invoke(self, "toJson", []))

    @jsii.python.classproperty
    @jsii.member(jsii_name="GVK")
    def GVK(cls) -> "_cdk8s_d3d9af27.GroupVersionKind":
        '''Returns the apiVersion and kind for "LeaderWorkerSet".'''
        return typing.cast("_cdk8s_d3d9af27.GroupVersionKind", jsii.sget(cls, "GVK"))


@jsii.data_type(
    jsii_type="iox-k8sleaderworkerset.LeaderWorkerSetProps",
    jsii_struct_bases=[],
    name_mapping={"spec": "spec", "metadata": "metadata"},
)
class LeaderWorkerSetProps:
    def __init__(
        self,
        *,
        spec: typing.Union["LeaderWorkerSetSpec", typing.Dict[builtins.str, typing.Any]],
        metadata: typing.Optional[typing.Union["_cdk8s_d3d9af27.ApiObjectMetadata", typing.Dict[builtins.str, typing.Any]]] = None,
    ) -> None:
        '''Groups of pods, each a leader and its workers, that live and die together.

        :param spec: 
        :param metadata: 

        :schema: LeaderWorkerSet
        '''
        if isinstance(spec, dict):
            spec = LeaderWorkerSetSpec(**spec)
        if isinstance(metadata, dict):
            metadata = _cdk8s_d3d9af27.ApiObjectMetadata(**metadata)
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__04b30820004c66d5205d6f63ba8d9418fe49a99f4ab666c7a9aec279c06575fc)
            check_type(argname="argument spec", value=spec, expected_type=type_hints["spec"])
            check_type(argname="argument metadata", value=metadata, expected_type=type_hints["metadata"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "spec": spec,
        }
        if metadata is not None:
            self._values["metadata"] = metadata

    @builtins.property
    def spec(self) -> "LeaderWorkerSetSpec":
        '''
        :schema: LeaderWorkerSet#spec
        '''
        result = self._values.get("spec")
        assert result is not None, "Required property 'spec' is missing"
        return typing.cast("LeaderWorkerSetSpec", result)

    @builtins.property
    def metadata(self) -> typing.Optional["_cdk8s_d3d9af27.ApiObjectMetadata"]:
        '''
        :schema: LeaderWorkerSet#metadata
        '''
        result = self._values.get("metadata")
        return typing.cast(typing.Optional["_cdk8s_d3d9af27.ApiObjectMetadata"], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "LeaderWorkerSetProps(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="iox-k8sleaderworkerset.LeaderWorkerSetSpec",
    jsii_struct_bases=[],
    name_mapping={
        "leader_worker_template": "leaderWorkerTemplate",
        "network_config": "networkConfig",
        "replicas": "replicas",
        "rollout_strategy": "rolloutStrategy",
        "scheduling": "scheduling",
        "startup_policy": "startupPolicy",
    },
)
class LeaderWorkerSetSpec:
    def __init__(
        self,
        *,
        leader_worker_template: typing.Union["LeaderWorkerSetSpecLeaderWorkerTemplate", typing.Dict[builtins.str, typing.Any]],
        network_config: typing.Optional[typing.Union["LeaderWorkerSetSpecNetworkConfig", typing.Dict[builtins.str, typing.Any]]] = None,
        replicas: typing.Optional[jsii.Number] = None,
        rollout_strategy: typing.Optional[typing.Union["LeaderWorkerSetSpecRolloutStrategy", typing.Dict[builtins.str, typing.Any]]] = None,
        scheduling: typing.Optional[typing.Union["LeaderWorkerSetSpecScheduling", typing.Dict[builtins.str, typing.Any]]] = None,
        startup_policy: typing.Optional["LeaderWorkerSetSpecStartupPolicy"] = None,
    ) -> None:
        '''
        :param leader_worker_template: 
        :param network_config: 
        :param replicas: Number of groups. Default: 1.
        :param rollout_strategy: 
        :param scheduling: Gangs of Kubernetes' own scheduler (alpha, LeaderWorkerSet 0.11); empty for one of each group.
        :param startup_policy: When the workers are made. Default: LeaderCreated.

        :schema: LeaderWorkerSetSpec
        '''
        if isinstance(leader_worker_template, dict):
            leader_worker_template = LeaderWorkerSetSpecLeaderWorkerTemplate(**leader_worker_template)
        if isinstance(network_config, dict):
            network_config = LeaderWorkerSetSpecNetworkConfig(**network_config)
        if isinstance(rollout_strategy, dict):
            rollout_strategy = LeaderWorkerSetSpecRolloutStrategy(**rollout_strategy)
        if isinstance(scheduling, dict):
            scheduling = LeaderWorkerSetSpecScheduling(**scheduling)
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__f05716a5a61134921a1111667f57ec12632393a19d148b0800769da7db78538b)
            check_type(argname="argument leader_worker_template", value=leader_worker_template, expected_type=type_hints["leader_worker_template"])
            check_type(argname="argument network_config", value=network_config, expected_type=type_hints["network_config"])
            check_type(argname="argument replicas", value=replicas, expected_type=type_hints["replicas"])
            check_type(argname="argument rollout_strategy", value=rollout_strategy, expected_type=type_hints["rollout_strategy"])
            check_type(argname="argument scheduling", value=scheduling, expected_type=type_hints["scheduling"])
            check_type(argname="argument startup_policy", value=startup_policy, expected_type=type_hints["startup_policy"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "leader_worker_template": leader_worker_template,
        }
        if network_config is not None:
            self._values["network_config"] = network_config
        if replicas is not None:
            self._values["replicas"] = replicas
        if rollout_strategy is not None:
            self._values["rollout_strategy"] = rollout_strategy
        if scheduling is not None:
            self._values["scheduling"] = scheduling
        if startup_policy is not None:
            self._values["startup_policy"] = startup_policy

    @builtins.property
    def leader_worker_template(self) -> "LeaderWorkerSetSpecLeaderWorkerTemplate":
        '''
        :schema: LeaderWorkerSetSpec#leaderWorkerTemplate
        '''
        result = self._values.get("leader_worker_template")
        assert result is not None, "Required property 'leader_worker_template' is missing"
        return typing.cast("LeaderWorkerSetSpecLeaderWorkerTemplate", result)

    @builtins.property
    def network_config(self) -> typing.Optional["LeaderWorkerSetSpecNetworkConfig"]:
        '''
        :schema: LeaderWorkerSetSpec#networkConfig
        '''
        result = self._values.get("network_config")
        return typing.cast(typing.Optional["LeaderWorkerSetSpecNetworkConfig"], result)

    @builtins.property
    def replicas(self) -> typing.Optional[jsii.Number]:
        '''Number of groups.

        Default: 1.

        :schema: LeaderWorkerSetSpec#replicas
        '''
        result = self._values.get("replicas")
        return typing.cast(typing.Optional[jsii.Number], result)

    @builtins.property
    def rollout_strategy(self) -> typing.Optional["LeaderWorkerSetSpecRolloutStrategy"]:
        '''
        :schema: LeaderWorkerSetSpec#rolloutStrategy
        '''
        result = self._values.get("rollout_strategy")
        return typing.cast(typing.Optional["LeaderWorkerSetSpecRolloutStrategy"], result)

    @builtins.property
    def scheduling(self) -> typing.Optional["LeaderWorkerSetSpecScheduling"]:
        '''Gangs of Kubernetes' own scheduler (alpha, LeaderWorkerSet 0.11); empty for one of each group.

        :schema: LeaderWorkerSetSpec#scheduling
        '''
        result = self._values.get("scheduling")
        return typing.cast(typing.Optional["LeaderWorkerSetSpecScheduling"], result)

    @builtins.property
    def startup_policy(self) -> typing.Optional["LeaderWorkerSetSpecStartupPolicy"]:
        '''When the workers are made.

        Default: LeaderCreated.

        :schema: LeaderWorkerSetSpec#startupPolicy
        '''
        result = self._values.get("startup_policy")
        return typing.cast(typing.Optional["LeaderWorkerSetSpecStartupPolicy"], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "LeaderWorkerSetSpec(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="iox-k8sleaderworkerset.LeaderWorkerSetSpecLeaderWorkerTemplate",
    jsii_struct_bases=[],
    name_mapping={
        "worker_template": "workerTemplate",
        "leader_template": "leaderTemplate",
        "persistent_volume_claim_retention_policy": "persistentVolumeClaimRetentionPolicy",
        "restart_policy": "restartPolicy",
        "size": "size",
        "sub_group_policy": "subGroupPolicy",
        "volume_claim_templates": "volumeClaimTemplates",
    },
)
class LeaderWorkerSetSpecLeaderWorkerTemplate:
    def __init__(
        self,
        *,
        worker_template: typing.Any,
        leader_template: typing.Any = None,
        persistent_volume_claim_retention_policy: typing.Optional[typing.Union["LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicy", typing.Dict[builtins.str, typing.Any]]] = None,
        restart_policy: typing.Optional["LeaderWorkerSetSpecLeaderWorkerTemplateRestartPolicy"] = None,
        size: typing.Optional[jsii.Number] = None,
        sub_group_policy: typing.Optional[typing.Union["LeaderWorkerSetSpecLeaderWorkerTemplateSubGroupPolicy", typing.Dict[builtins.str, typing.Any]]] = None,
        volume_claim_templates: typing.Optional[typing.Sequence[typing.Any]] = None,
    ) -> None:
        '''
        :param worker_template: A pod template.
        :param leader_template: A pod template; the workers' by default.
        :param persistent_volume_claim_retention_policy: 
        :param restart_policy: Default: RecreateGroupOnPodRestart.
        :param size: Pods in a group, leader included. Default: 1.
        :param sub_group_policy: 
        :param volume_claim_templates: 

        :schema: LeaderWorkerSetSpecLeaderWorkerTemplate
        '''
        if isinstance(persistent_volume_claim_retention_policy, dict):
            persistent_volume_claim_retention_policy = LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicy(**persistent_volume_claim_retention_policy)
        if isinstance(sub_group_policy, dict):
            sub_group_policy = LeaderWorkerSetSpecLeaderWorkerTemplateSubGroupPolicy(**sub_group_policy)
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__287b96a5dbe59405262697d8171f6f44bf725e5d6376bde3eb91d55ffea582f4)
            check_type(argname="argument worker_template", value=worker_template, expected_type=type_hints["worker_template"])
            check_type(argname="argument leader_template", value=leader_template, expected_type=type_hints["leader_template"])
            check_type(argname="argument persistent_volume_claim_retention_policy", value=persistent_volume_claim_retention_policy, expected_type=type_hints["persistent_volume_claim_retention_policy"])
            check_type(argname="argument restart_policy", value=restart_policy, expected_type=type_hints["restart_policy"])
            check_type(argname="argument size", value=size, expected_type=type_hints["size"])
            check_type(argname="argument sub_group_policy", value=sub_group_policy, expected_type=type_hints["sub_group_policy"])
            check_type(argname="argument volume_claim_templates", value=volume_claim_templates, expected_type=type_hints["volume_claim_templates"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "worker_template": worker_template,
        }
        if leader_template is not None:
            self._values["leader_template"] = leader_template
        if persistent_volume_claim_retention_policy is not None:
            self._values["persistent_volume_claim_retention_policy"] = persistent_volume_claim_retention_policy
        if restart_policy is not None:
            self._values["restart_policy"] = restart_policy
        if size is not None:
            self._values["size"] = size
        if sub_group_policy is not None:
            self._values["sub_group_policy"] = sub_group_policy
        if volume_claim_templates is not None:
            self._values["volume_claim_templates"] = volume_claim_templates

    @builtins.property
    def worker_template(self) -> typing.Any:
        '''A pod template.

        :schema: LeaderWorkerSetSpecLeaderWorkerTemplate#workerTemplate
        '''
        result = self._values.get("worker_template")
        assert result is not None, "Required property 'worker_template' is missing"
        return typing.cast(typing.Any, result)

    @builtins.property
    def leader_template(self) -> typing.Any:
        '''A pod template;

        the workers' by default.

        :schema: LeaderWorkerSetSpecLeaderWorkerTemplate#leaderTemplate
        '''
        result = self._values.get("leader_template")
        return typing.cast(typing.Any, result)

    @builtins.property
    def persistent_volume_claim_retention_policy(
        self,
    ) -> typing.Optional["LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicy"]:
        '''
        :schema: LeaderWorkerSetSpecLeaderWorkerTemplate#persistentVolumeClaimRetentionPolicy
        '''
        result = self._values.get("persistent_volume_claim_retention_policy")
        return typing.cast(typing.Optional["LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicy"], result)

    @builtins.property
    def restart_policy(
        self,
    ) -> typing.Optional["LeaderWorkerSetSpecLeaderWorkerTemplateRestartPolicy"]:
        '''Default: RecreateGroupOnPodRestart.

        :schema: LeaderWorkerSetSpecLeaderWorkerTemplate#restartPolicy
        '''
        result = self._values.get("restart_policy")
        return typing.cast(typing.Optional["LeaderWorkerSetSpecLeaderWorkerTemplateRestartPolicy"], result)

    @builtins.property
    def size(self) -> typing.Optional[jsii.Number]:
        '''Pods in a group, leader included.

        Default: 1.

        :schema: LeaderWorkerSetSpecLeaderWorkerTemplate#size
        '''
        result = self._values.get("size")
        return typing.cast(typing.Optional[jsii.Number], result)

    @builtins.property
    def sub_group_policy(
        self,
    ) -> typing.Optional["LeaderWorkerSetSpecLeaderWorkerTemplateSubGroupPolicy"]:
        '''
        :schema: LeaderWorkerSetSpecLeaderWorkerTemplate#subGroupPolicy
        '''
        result = self._values.get("sub_group_policy")
        return typing.cast(typing.Optional["LeaderWorkerSetSpecLeaderWorkerTemplateSubGroupPolicy"], result)

    @builtins.property
    def volume_claim_templates(self) -> typing.Optional[typing.List[typing.Any]]:
        '''
        :schema: LeaderWorkerSetSpecLeaderWorkerTemplate#volumeClaimTemplates
        '''
        result = self._values.get("volume_claim_templates")
        return typing.cast(typing.Optional[typing.List[typing.Any]], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "LeaderWorkerSetSpecLeaderWorkerTemplate(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="iox-k8sleaderworkerset.LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicy",
    jsii_struct_bases=[],
    name_mapping={"when_deleted": "whenDeleted", "when_scaled": "whenScaled"},
)
class LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicy:
    def __init__(
        self,
        *,
        when_deleted: typing.Optional["LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenDeleted"] = None,
        when_scaled: typing.Optional["LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenScaled"] = None,
    ) -> None:
        '''
        :param when_deleted: 
        :param when_scaled: 

        :schema: LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicy
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__f9f5f6f098010e8572c7ef0396e6598c90f7f4aa76d54b680c607c801abcec98)
            check_type(argname="argument when_deleted", value=when_deleted, expected_type=type_hints["when_deleted"])
            check_type(argname="argument when_scaled", value=when_scaled, expected_type=type_hints["when_scaled"])
        self._values: typing.Dict[builtins.str, typing.Any] = {}
        if when_deleted is not None:
            self._values["when_deleted"] = when_deleted
        if when_scaled is not None:
            self._values["when_scaled"] = when_scaled

    @builtins.property
    def when_deleted(
        self,
    ) -> typing.Optional["LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenDeleted"]:
        '''
        :schema: LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicy#whenDeleted
        '''
        result = self._values.get("when_deleted")
        return typing.cast(typing.Optional["LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenDeleted"], result)

    @builtins.property
    def when_scaled(
        self,
    ) -> typing.Optional["LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenScaled"]:
        '''
        :schema: LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicy#whenScaled
        '''
        result = self._values.get("when_scaled")
        return typing.cast(typing.Optional["LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenScaled"], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicy(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.enum(
    jsii_type="iox-k8sleaderworkerset.LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenDeleted"
)
class LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenDeleted(
    enum.Enum,
):
    '''
    :schema: LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenDeleted
    '''

    RETAIN = "RETAIN"
    '''Retain.'''
    DELETE = "DELETE"
    '''Delete.'''


@jsii.enum(
    jsii_type="iox-k8sleaderworkerset.LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenScaled"
)
class LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenScaled(
    enum.Enum,
):
    '''
    :schema: LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenScaled
    '''

    RETAIN = "RETAIN"
    '''Retain.'''
    DELETE = "DELETE"
    '''Delete.'''


@jsii.enum(
    jsii_type="iox-k8sleaderworkerset.LeaderWorkerSetSpecLeaderWorkerTemplateRestartPolicy"
)
class LeaderWorkerSetSpecLeaderWorkerTemplateRestartPolicy(enum.Enum):
    '''Default: RecreateGroupOnPodRestart.

    :schema: LeaderWorkerSetSpecLeaderWorkerTemplateRestartPolicy
    '''

    DEFAULT = "DEFAULT"
    '''Default.'''
    NONE = "NONE"
    '''None.'''
    RECREATE_GROUP_ON_POD_RESTART = "RECREATE_GROUP_ON_POD_RESTART"
    '''RecreateGroupOnPodRestart.'''
    RECREATE_GROUP_AFTER_START = "RECREATE_GROUP_AFTER_START"
    '''RecreateGroupAfterStart.'''


@jsii.data_type(
    jsii_type="iox-k8sleaderworkerset.LeaderWorkerSetSpecLeaderWorkerTemplateSubGroupPolicy",
    jsii_struct_bases=[],
    name_mapping={
        "sub_group_policy_type": "subGroupPolicyType",
        "sub_group_size": "subGroupSize",
    },
)
class LeaderWorkerSetSpecLeaderWorkerTemplateSubGroupPolicy:
    def __init__(
        self,
        *,
        sub_group_policy_type: typing.Optional["LeaderWorkerSetSpecLeaderWorkerTemplateSubGroupPolicySubGroupPolicyType"] = None,
        sub_group_size: typing.Optional[jsii.Number] = None,
    ) -> None:
        '''
        :param sub_group_policy_type: 
        :param sub_group_size: 

        :schema: LeaderWorkerSetSpecLeaderWorkerTemplateSubGroupPolicy
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__9e28e5691349f0de10a263d579993b946a2de3aeeffc9009404aede79eab5350)
            check_type(argname="argument sub_group_policy_type", value=sub_group_policy_type, expected_type=type_hints["sub_group_policy_type"])
            check_type(argname="argument sub_group_size", value=sub_group_size, expected_type=type_hints["sub_group_size"])
        self._values: typing.Dict[builtins.str, typing.Any] = {}
        if sub_group_policy_type is not None:
            self._values["sub_group_policy_type"] = sub_group_policy_type
        if sub_group_size is not None:
            self._values["sub_group_size"] = sub_group_size

    @builtins.property
    def sub_group_policy_type(
        self,
    ) -> typing.Optional["LeaderWorkerSetSpecLeaderWorkerTemplateSubGroupPolicySubGroupPolicyType"]:
        '''
        :schema: LeaderWorkerSetSpecLeaderWorkerTemplateSubGroupPolicy#subGroupPolicyType
        '''
        result = self._values.get("sub_group_policy_type")
        return typing.cast(typing.Optional["LeaderWorkerSetSpecLeaderWorkerTemplateSubGroupPolicySubGroupPolicyType"], result)

    @builtins.property
    def sub_group_size(self) -> typing.Optional[jsii.Number]:
        '''
        :schema: LeaderWorkerSetSpecLeaderWorkerTemplateSubGroupPolicy#subGroupSize
        '''
        result = self._values.get("sub_group_size")
        return typing.cast(typing.Optional[jsii.Number], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "LeaderWorkerSetSpecLeaderWorkerTemplateSubGroupPolicy(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.enum(
    jsii_type="iox-k8sleaderworkerset.LeaderWorkerSetSpecLeaderWorkerTemplateSubGroupPolicySubGroupPolicyType"
)
class LeaderWorkerSetSpecLeaderWorkerTemplateSubGroupPolicySubGroupPolicyType(
    enum.Enum,
):
    '''
    :schema: LeaderWorkerSetSpecLeaderWorkerTemplateSubGroupPolicySubGroupPolicyType
    '''

    LEADER_WORKER = "LEADER_WORKER"
    '''LeaderWorker.'''
    LEADER_EXCLUDED = "LEADER_EXCLUDED"
    '''LeaderExcluded.'''


@jsii.data_type(
    jsii_type="iox-k8sleaderworkerset.LeaderWorkerSetSpecNetworkConfig",
    jsii_struct_bases=[],
    name_mapping={"subdomain_policy": "subdomainPolicy"},
)
class LeaderWorkerSetSpecNetworkConfig:
    def __init__(
        self,
        *,
        subdomain_policy: "LeaderWorkerSetSpecNetworkConfigSubdomainPolicy",
    ) -> None:
        '''
        :param subdomain_policy: One headless Service for all groups, or one for each.

        :schema: LeaderWorkerSetSpecNetworkConfig
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__77ac39920f308b1f2087f8e74fdf11fcc5d7f6674af02e857cbe67d5fe999ff2)
            check_type(argname="argument subdomain_policy", value=subdomain_policy, expected_type=type_hints["subdomain_policy"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "subdomain_policy": subdomain_policy,
        }

    @builtins.property
    def subdomain_policy(self) -> "LeaderWorkerSetSpecNetworkConfigSubdomainPolicy":
        '''One headless Service for all groups, or one for each.

        :schema: LeaderWorkerSetSpecNetworkConfig#subdomainPolicy
        '''
        result = self._values.get("subdomain_policy")
        assert result is not None, "Required property 'subdomain_policy' is missing"
        return typing.cast("LeaderWorkerSetSpecNetworkConfigSubdomainPolicy", result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "LeaderWorkerSetSpecNetworkConfig(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.enum(
    jsii_type="iox-k8sleaderworkerset.LeaderWorkerSetSpecNetworkConfigSubdomainPolicy"
)
class LeaderWorkerSetSpecNetworkConfigSubdomainPolicy(enum.Enum):
    '''One headless Service for all groups, or one for each.

    :schema: LeaderWorkerSetSpecNetworkConfigSubdomainPolicy
    '''

    SHARED = "SHARED"
    '''Shared.'''
    UNIQUE_PER_REPLICA = "UNIQUE_PER_REPLICA"
    '''UniquePerReplica.'''


@jsii.data_type(
    jsii_type="iox-k8sleaderworkerset.LeaderWorkerSetSpecRolloutStrategy",
    jsii_struct_bases=[],
    name_mapping={
        "type": "type",
        "rolling_update_configuration": "rollingUpdateConfiguration",
    },
)
class LeaderWorkerSetSpecRolloutStrategy:
    def __init__(
        self,
        *,
        type: "LeaderWorkerSetSpecRolloutStrategyType",
        rolling_update_configuration: typing.Optional[typing.Union["LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfiguration", typing.Dict[builtins.str, typing.Any]]] = None,
    ) -> None:
        '''
        :param type: 
        :param rolling_update_configuration: 

        :schema: LeaderWorkerSetSpecRolloutStrategy
        '''
        if isinstance(rolling_update_configuration, dict):
            rolling_update_configuration = LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfiguration(**rolling_update_configuration)
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__7222eb0279dcf0dae0792bc28e34fd5720c68b18e64879ea618e1d9b0a990a1a)
            check_type(argname="argument type", value=type, expected_type=type_hints["type"])
            check_type(argname="argument rolling_update_configuration", value=rolling_update_configuration, expected_type=type_hints["rolling_update_configuration"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "type": type,
        }
        if rolling_update_configuration is not None:
            self._values["rolling_update_configuration"] = rolling_update_configuration

    @builtins.property
    def type(self) -> "LeaderWorkerSetSpecRolloutStrategyType":
        '''
        :schema: LeaderWorkerSetSpecRolloutStrategy#type
        '''
        result = self._values.get("type")
        assert result is not None, "Required property 'type' is missing"
        return typing.cast("LeaderWorkerSetSpecRolloutStrategyType", result)

    @builtins.property
    def rolling_update_configuration(
        self,
    ) -> typing.Optional["LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfiguration"]:
        '''
        :schema: LeaderWorkerSetSpecRolloutStrategy#rollingUpdateConfiguration
        '''
        result = self._values.get("rolling_update_configuration")
        return typing.cast(typing.Optional["LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfiguration"], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "LeaderWorkerSetSpecRolloutStrategy(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="iox-k8sleaderworkerset.LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfiguration",
    jsii_struct_bases=[],
    name_mapping={
        "max_surge": "maxSurge",
        "max_unavailable": "maxUnavailable",
        "partition": "partition",
    },
)
class LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfiguration:
    def __init__(
        self,
        *,
        max_surge: typing.Optional["LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfigurationMaxSurge"] = None,
        max_unavailable: typing.Optional["LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfigurationMaxUnavailable"] = None,
        partition: typing.Optional[jsii.Number] = None,
    ) -> None:
        '''
        :param max_surge: 
        :param max_unavailable: 
        :param partition: 

        :schema: LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfiguration
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__f886f7183a6c0accebd2af0184f187c8c95a3d50c8bd79ff6cebadba1ce7478b)
            check_type(argname="argument max_surge", value=max_surge, expected_type=type_hints["max_surge"])
            check_type(argname="argument max_unavailable", value=max_unavailable, expected_type=type_hints["max_unavailable"])
            check_type(argname="argument partition", value=partition, expected_type=type_hints["partition"])
        self._values: typing.Dict[builtins.str, typing.Any] = {}
        if max_surge is not None:
            self._values["max_surge"] = max_surge
        if max_unavailable is not None:
            self._values["max_unavailable"] = max_unavailable
        if partition is not None:
            self._values["partition"] = partition

    @builtins.property
    def max_surge(
        self,
    ) -> typing.Optional["LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfigurationMaxSurge"]:
        '''
        :schema: LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfiguration#maxSurge
        '''
        result = self._values.get("max_surge")
        return typing.cast(typing.Optional["LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfigurationMaxSurge"], result)

    @builtins.property
    def max_unavailable(
        self,
    ) -> typing.Optional["LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfigurationMaxUnavailable"]:
        '''
        :schema: LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfiguration#maxUnavailable
        '''
        result = self._values.get("max_unavailable")
        return typing.cast(typing.Optional["LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfigurationMaxUnavailable"], result)

    @builtins.property
    def partition(self) -> typing.Optional[jsii.Number]:
        '''
        :schema: LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfiguration#partition
        '''
        result = self._values.get("partition")
        return typing.cast(typing.Optional[jsii.Number], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfiguration(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


class LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfigurationMaxSurge(
    metaclass=jsii.JSIIMeta,
    jsii_type="iox-k8sleaderworkerset.LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfigurationMaxSurge",
):
    '''
    :schema: LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfigurationMaxSurge
    '''

    @jsii.member(jsii_name="fromNumber")
    @builtins.classmethod
    def from_number(
        cls,
        value: jsii.Number,
    ) -> "LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfigurationMaxSurge":
        '''
        :param value: -
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__d5821ab4f8f81dbb043673c2d8da91418d69bb22be6341e1a18d4899eef8151b)
            check_type(argname="argument value", value=value, expected_type=type_hints["value"])
        return typing.cast("LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfigurationMaxSurge", jsii.sinvoke(cls, "fromNumber", [value]))

    @jsii.member(jsii_name="fromString")
    @builtins.classmethod
    def from_string(
        cls,
        value: builtins.str,
    ) -> "LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfigurationMaxSurge":
        '''
        :param value: -
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__c907c2bcf36c124212c4ce05b985643ad2b63920cd3a8d2da3fadd11b8708d5b)
            check_type(argname="argument value", value=value, expected_type=type_hints["value"])
        return typing.cast("LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfigurationMaxSurge", jsii.sinvoke(cls, "fromString", [value]))

    @builtins.property
    @jsii.member(jsii_name="value")
    def value(self) -> typing.Union[builtins.str, jsii.Number]:
        return typing.cast(typing.Union[builtins.str, jsii.Number], jsii.get(self, "value"))


class LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfigurationMaxUnavailable(
    metaclass=jsii.JSIIMeta,
    jsii_type="iox-k8sleaderworkerset.LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfigurationMaxUnavailable",
):
    '''
    :schema: LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfigurationMaxUnavailable
    '''

    @jsii.member(jsii_name="fromNumber")
    @builtins.classmethod
    def from_number(
        cls,
        value: jsii.Number,
    ) -> "LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfigurationMaxUnavailable":
        '''
        :param value: -
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__2b0d097dce7d61beb87b7c89936bae006134961e23729349581def848646a2a8)
            check_type(argname="argument value", value=value, expected_type=type_hints["value"])
        return typing.cast("LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfigurationMaxUnavailable", jsii.sinvoke(cls, "fromNumber", [value]))

    @jsii.member(jsii_name="fromString")
    @builtins.classmethod
    def from_string(
        cls,
        value: builtins.str,
    ) -> "LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfigurationMaxUnavailable":
        '''
        :param value: -
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__6a6c0d1feddfffe5ec1b3add9edb0279ae5c2d2cbf4329e16b81f5efd20933e8)
            check_type(argname="argument value", value=value, expected_type=type_hints["value"])
        return typing.cast("LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfigurationMaxUnavailable", jsii.sinvoke(cls, "fromString", [value]))

    @builtins.property
    @jsii.member(jsii_name="value")
    def value(self) -> typing.Union[builtins.str, jsii.Number]:
        return typing.cast(typing.Union[builtins.str, jsii.Number], jsii.get(self, "value"))


@jsii.enum(jsii_type="iox-k8sleaderworkerset.LeaderWorkerSetSpecRolloutStrategyType")
class LeaderWorkerSetSpecRolloutStrategyType(enum.Enum):
    '''
    :schema: LeaderWorkerSetSpecRolloutStrategyType
    '''

    ROLLING_UPDATE = "ROLLING_UPDATE"
    '''RollingUpdate.'''


@jsii.data_type(
    jsii_type="iox-k8sleaderworkerset.LeaderWorkerSetSpecScheduling",
    jsii_struct_bases=[],
    name_mapping={
        "replica": "replica",
        "scheduling_constraints": "schedulingConstraints",
    },
)
class LeaderWorkerSetSpecScheduling:
    def __init__(
        self,
        *,
        replica: typing.Optional[typing.Union["LeaderWorkerSetSpecSchedulingReplica", typing.Dict[builtins.str, typing.Any]]] = None,
        scheduling_constraints: typing.Optional[typing.Union["LeaderWorkerSetSpecSchedulingSchedulingConstraints", typing.Dict[builtins.str, typing.Any]]] = None,
    ) -> None:
        '''Gangs of Kubernetes' own scheduler (alpha, LeaderWorkerSet 0.11); empty for one of each group.

        :param replica: Each group is a gang of its own.
        :param scheduling_constraints: Where the pods of a gang may be, together.

        :schema: LeaderWorkerSetSpecScheduling
        '''
        if isinstance(replica, dict):
            replica = LeaderWorkerSetSpecSchedulingReplica(**replica)
        if isinstance(scheduling_constraints, dict):
            scheduling_constraints = LeaderWorkerSetSpecSchedulingSchedulingConstraints(**scheduling_constraints)
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__f1a8ae1aca0ff8fad5629c7a6530cee32a4091553249f5a8387e1fb4a100d912)
            check_type(argname="argument replica", value=replica, expected_type=type_hints["replica"])
            check_type(argname="argument scheduling_constraints", value=scheduling_constraints, expected_type=type_hints["scheduling_constraints"])
        self._values: typing.Dict[builtins.str, typing.Any] = {}
        if replica is not None:
            self._values["replica"] = replica
        if scheduling_constraints is not None:
            self._values["scheduling_constraints"] = scheduling_constraints

    @builtins.property
    def replica(self) -> typing.Optional["LeaderWorkerSetSpecSchedulingReplica"]:
        '''Each group is a gang of its own.

        :schema: LeaderWorkerSetSpecScheduling#replica
        '''
        result = self._values.get("replica")
        return typing.cast(typing.Optional["LeaderWorkerSetSpecSchedulingReplica"], result)

    @builtins.property
    def scheduling_constraints(
        self,
    ) -> typing.Optional["LeaderWorkerSetSpecSchedulingSchedulingConstraints"]:
        '''Where the pods of a gang may be, together.

        :schema: LeaderWorkerSetSpecScheduling#schedulingConstraints
        '''
        result = self._values.get("scheduling_constraints")
        return typing.cast(typing.Optional["LeaderWorkerSetSpecSchedulingSchedulingConstraints"], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "LeaderWorkerSetSpecScheduling(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="iox-k8sleaderworkerset.LeaderWorkerSetSpecSchedulingReplica",
    jsii_struct_bases=[],
    name_mapping={"scheduling_constraints": "schedulingConstraints"},
)
class LeaderWorkerSetSpecSchedulingReplica:
    def __init__(
        self,
        *,
        scheduling_constraints: typing.Optional[typing.Union["LeaderWorkerSetSpecSchedulingReplicaSchedulingConstraints", typing.Dict[builtins.str, typing.Any]]] = None,
    ) -> None:
        '''Each group is a gang of its own.

        :param scheduling_constraints: Where the pods of a gang may be, together.

        :schema: LeaderWorkerSetSpecSchedulingReplica
        '''
        if isinstance(scheduling_constraints, dict):
            scheduling_constraints = LeaderWorkerSetSpecSchedulingReplicaSchedulingConstraints(**scheduling_constraints)
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__74dc135ce8bae01234a52e9d424d0fba8d477034c8ac899bf6dbfcb1f00a5c24)
            check_type(argname="argument scheduling_constraints", value=scheduling_constraints, expected_type=type_hints["scheduling_constraints"])
        self._values: typing.Dict[builtins.str, typing.Any] = {}
        if scheduling_constraints is not None:
            self._values["scheduling_constraints"] = scheduling_constraints

    @builtins.property
    def scheduling_constraints(
        self,
    ) -> typing.Optional["LeaderWorkerSetSpecSchedulingReplicaSchedulingConstraints"]:
        '''Where the pods of a gang may be, together.

        :schema: LeaderWorkerSetSpecSchedulingReplica#schedulingConstraints
        '''
        result = self._values.get("scheduling_constraints")
        return typing.cast(typing.Optional["LeaderWorkerSetSpecSchedulingReplicaSchedulingConstraints"], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "LeaderWorkerSetSpecSchedulingReplica(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="iox-k8sleaderworkerset.LeaderWorkerSetSpecSchedulingReplicaSchedulingConstraints",
    jsii_struct_bases=[],
    name_mapping={"topology": "topology"},
)
class LeaderWorkerSetSpecSchedulingReplicaSchedulingConstraints:
    def __init__(
        self,
        *,
        topology: typing.Optional[typing.Sequence[typing.Union["LeaderWorkerSetSpecSchedulingReplicaSchedulingConstraintsTopology", typing.Dict[builtins.str, typing.Any]]]] = None,
    ) -> None:
        '''Where the pods of a gang may be, together.

        :param topology: 

        :schema: LeaderWorkerSetSpecSchedulingReplicaSchedulingConstraints
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__798cd3b958836b48d4ce663fde12dfb92e4afed99038ca890b9bba0f3252aa32)
            check_type(argname="argument topology", value=topology, expected_type=type_hints["topology"])
        self._values: typing.Dict[builtins.str, typing.Any] = {}
        if topology is not None:
            self._values["topology"] = topology

    @builtins.property
    def topology(
        self,
    ) -> typing.Optional[typing.List["LeaderWorkerSetSpecSchedulingReplicaSchedulingConstraintsTopology"]]:
        '''
        :schema: LeaderWorkerSetSpecSchedulingReplicaSchedulingConstraints#topology
        '''
        result = self._values.get("topology")
        return typing.cast(typing.Optional[typing.List["LeaderWorkerSetSpecSchedulingReplicaSchedulingConstraintsTopology"]], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "LeaderWorkerSetSpecSchedulingReplicaSchedulingConstraints(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="iox-k8sleaderworkerset.LeaderWorkerSetSpecSchedulingReplicaSchedulingConstraintsTopology",
    jsii_struct_bases=[],
    name_mapping={"key": "key"},
)
class LeaderWorkerSetSpecSchedulingReplicaSchedulingConstraintsTopology:
    def __init__(self, *, key: builtins.str) -> None:
        '''
        :param key: A label of nodes.

        :schema: LeaderWorkerSetSpecSchedulingReplicaSchedulingConstraintsTopology
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__66d29a483b81bdd3efd6ae0fe18df03698146ab6d4fd1abaafff861bbd5ab99f)
            check_type(argname="argument key", value=key, expected_type=type_hints["key"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "key": key,
        }

    @builtins.property
    def key(self) -> builtins.str:
        '''A label of nodes.

        :schema: LeaderWorkerSetSpecSchedulingReplicaSchedulingConstraintsTopology#key
        '''
        result = self._values.get("key")
        assert result is not None, "Required property 'key' is missing"
        return typing.cast(builtins.str, result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "LeaderWorkerSetSpecSchedulingReplicaSchedulingConstraintsTopology(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="iox-k8sleaderworkerset.LeaderWorkerSetSpecSchedulingSchedulingConstraints",
    jsii_struct_bases=[],
    name_mapping={"topology": "topology"},
)
class LeaderWorkerSetSpecSchedulingSchedulingConstraints:
    def __init__(
        self,
        *,
        topology: typing.Optional[typing.Sequence[typing.Union["LeaderWorkerSetSpecSchedulingSchedulingConstraintsTopology", typing.Dict[builtins.str, typing.Any]]]] = None,
    ) -> None:
        '''Where the pods of a gang may be, together.

        :param topology: 

        :schema: LeaderWorkerSetSpecSchedulingSchedulingConstraints
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__ed42c4a6dc9ec73f1f8053c8dd8159fb3b4ccfa149727d5cbc2ed28aa91768af)
            check_type(argname="argument topology", value=topology, expected_type=type_hints["topology"])
        self._values: typing.Dict[builtins.str, typing.Any] = {}
        if topology is not None:
            self._values["topology"] = topology

    @builtins.property
    def topology(
        self,
    ) -> typing.Optional[typing.List["LeaderWorkerSetSpecSchedulingSchedulingConstraintsTopology"]]:
        '''
        :schema: LeaderWorkerSetSpecSchedulingSchedulingConstraints#topology
        '''
        result = self._values.get("topology")
        return typing.cast(typing.Optional[typing.List["LeaderWorkerSetSpecSchedulingSchedulingConstraintsTopology"]], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "LeaderWorkerSetSpecSchedulingSchedulingConstraints(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="iox-k8sleaderworkerset.LeaderWorkerSetSpecSchedulingSchedulingConstraintsTopology",
    jsii_struct_bases=[],
    name_mapping={"key": "key"},
)
class LeaderWorkerSetSpecSchedulingSchedulingConstraintsTopology:
    def __init__(self, *, key: builtins.str) -> None:
        '''
        :param key: A label of nodes.

        :schema: LeaderWorkerSetSpecSchedulingSchedulingConstraintsTopology
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__5512a43125fdeae2dc1e733d569499aefb848c3ac3c5585b3821cb3220ea357f)
            check_type(argname="argument key", value=key, expected_type=type_hints["key"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "key": key,
        }

    @builtins.property
    def key(self) -> builtins.str:
        '''A label of nodes.

        :schema: LeaderWorkerSetSpecSchedulingSchedulingConstraintsTopology#key
        '''
        result = self._values.get("key")
        assert result is not None, "Required property 'key' is missing"
        return typing.cast(builtins.str, result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "LeaderWorkerSetSpecSchedulingSchedulingConstraintsTopology(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.enum(jsii_type="iox-k8sleaderworkerset.LeaderWorkerSetSpecStartupPolicy")
class LeaderWorkerSetSpecStartupPolicy(enum.Enum):
    '''When the workers are made.

    Default: LeaderCreated.

    :schema: LeaderWorkerSetSpecStartupPolicy
    '''

    LEADER_CREATED = "LEADER_CREATED"
    '''LeaderCreated.'''
    LEADER_READY = "LEADER_READY"
    '''LeaderReady.'''


__all__ = [
    "LeaderWorkerSet",
    "LeaderWorkerSetProps",
    "LeaderWorkerSetSpec",
    "LeaderWorkerSetSpecLeaderWorkerTemplate",
    "LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicy",
    "LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenDeleted",
    "LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenScaled",
    "LeaderWorkerSetSpecLeaderWorkerTemplateRestartPolicy",
    "LeaderWorkerSetSpecLeaderWorkerTemplateSubGroupPolicy",
    "LeaderWorkerSetSpecLeaderWorkerTemplateSubGroupPolicySubGroupPolicyType",
    "LeaderWorkerSetSpecNetworkConfig",
    "LeaderWorkerSetSpecNetworkConfigSubdomainPolicy",
    "LeaderWorkerSetSpecRolloutStrategy",
    "LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfiguration",
    "LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfigurationMaxSurge",
    "LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfigurationMaxUnavailable",
    "LeaderWorkerSetSpecRolloutStrategyType",
    "LeaderWorkerSetSpecScheduling",
    "LeaderWorkerSetSpecSchedulingReplica",
    "LeaderWorkerSetSpecSchedulingReplicaSchedulingConstraints",
    "LeaderWorkerSetSpecSchedulingReplicaSchedulingConstraintsTopology",
    "LeaderWorkerSetSpecSchedulingSchedulingConstraints",
    "LeaderWorkerSetSpecSchedulingSchedulingConstraintsTopology",
    "LeaderWorkerSetSpecStartupPolicy",
]

publication.publish()

def _typecheckingstub__b31fc6cb8a51a2f52a87b26c073fdea936e13ce1b868213f89a41bd9242261ec(
    scope: _constructs_77d1e7e8.Construct,
    id: builtins.str,
    *,
    spec: typing.Union[LeaderWorkerSetSpec, typing.Dict[builtins.str, typing.Any]],
    metadata: typing.Optional[typing.Union[_cdk8s_d3d9af27.ApiObjectMetadata, typing.Dict[builtins.str, typing.Any]]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__04b30820004c66d5205d6f63ba8d9418fe49a99f4ab666c7a9aec279c06575fc(
    *,
    spec: typing.Union[LeaderWorkerSetSpec, typing.Dict[builtins.str, typing.Any]],
    metadata: typing.Optional[typing.Union[_cdk8s_d3d9af27.ApiObjectMetadata, typing.Dict[builtins.str, typing.Any]]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__f05716a5a61134921a1111667f57ec12632393a19d148b0800769da7db78538b(
    *,
    leader_worker_template: typing.Union[LeaderWorkerSetSpecLeaderWorkerTemplate, typing.Dict[builtins.str, typing.Any]],
    network_config: typing.Optional[typing.Union[LeaderWorkerSetSpecNetworkConfig, typing.Dict[builtins.str, typing.Any]]] = None,
    replicas: typing.Optional[jsii.Number] = None,
    rollout_strategy: typing.Optional[typing.Union[LeaderWorkerSetSpecRolloutStrategy, typing.Dict[builtins.str, typing.Any]]] = None,
    scheduling: typing.Optional[typing.Union[LeaderWorkerSetSpecScheduling, typing.Dict[builtins.str, typing.Any]]] = None,
    startup_policy: typing.Optional[LeaderWorkerSetSpecStartupPolicy] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__287b96a5dbe59405262697d8171f6f44bf725e5d6376bde3eb91d55ffea582f4(
    *,
    worker_template: typing.Any,
    leader_template: typing.Any = None,
    persistent_volume_claim_retention_policy: typing.Optional[typing.Union[LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicy, typing.Dict[builtins.str, typing.Any]]] = None,
    restart_policy: typing.Optional[LeaderWorkerSetSpecLeaderWorkerTemplateRestartPolicy] = None,
    size: typing.Optional[jsii.Number] = None,
    sub_group_policy: typing.Optional[typing.Union[LeaderWorkerSetSpecLeaderWorkerTemplateSubGroupPolicy, typing.Dict[builtins.str, typing.Any]]] = None,
    volume_claim_templates: typing.Optional[typing.Sequence[typing.Any]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__f9f5f6f098010e8572c7ef0396e6598c90f7f4aa76d54b680c607c801abcec98(
    *,
    when_deleted: typing.Optional[LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenDeleted] = None,
    when_scaled: typing.Optional[LeaderWorkerSetSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenScaled] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__9e28e5691349f0de10a263d579993b946a2de3aeeffc9009404aede79eab5350(
    *,
    sub_group_policy_type: typing.Optional[LeaderWorkerSetSpecLeaderWorkerTemplateSubGroupPolicySubGroupPolicyType] = None,
    sub_group_size: typing.Optional[jsii.Number] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__77ac39920f308b1f2087f8e74fdf11fcc5d7f6674af02e857cbe67d5fe999ff2(
    *,
    subdomain_policy: LeaderWorkerSetSpecNetworkConfigSubdomainPolicy,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__7222eb0279dcf0dae0792bc28e34fd5720c68b18e64879ea618e1d9b0a990a1a(
    *,
    type: LeaderWorkerSetSpecRolloutStrategyType,
    rolling_update_configuration: typing.Optional[typing.Union[LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfiguration, typing.Dict[builtins.str, typing.Any]]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__f886f7183a6c0accebd2af0184f187c8c95a3d50c8bd79ff6cebadba1ce7478b(
    *,
    max_surge: typing.Optional[LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfigurationMaxSurge] = None,
    max_unavailable: typing.Optional[LeaderWorkerSetSpecRolloutStrategyRollingUpdateConfigurationMaxUnavailable] = None,
    partition: typing.Optional[jsii.Number] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__d5821ab4f8f81dbb043673c2d8da91418d69bb22be6341e1a18d4899eef8151b(
    value: jsii.Number,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__c907c2bcf36c124212c4ce05b985643ad2b63920cd3a8d2da3fadd11b8708d5b(
    value: builtins.str,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__2b0d097dce7d61beb87b7c89936bae006134961e23729349581def848646a2a8(
    value: jsii.Number,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__6a6c0d1feddfffe5ec1b3add9edb0279ae5c2d2cbf4329e16b81f5efd20933e8(
    value: builtins.str,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__f1a8ae1aca0ff8fad5629c7a6530cee32a4091553249f5a8387e1fb4a100d912(
    *,
    replica: typing.Optional[typing.Union[LeaderWorkerSetSpecSchedulingReplica, typing.Dict[builtins.str, typing.Any]]] = None,
    scheduling_constraints: typing.Optional[typing.Union[LeaderWorkerSetSpecSchedulingSchedulingConstraints, typing.Dict[builtins.str, typing.Any]]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__74dc135ce8bae01234a52e9d424d0fba8d477034c8ac899bf6dbfcb1f00a5c24(
    *,
    scheduling_constraints: typing.Optional[typing.Union[LeaderWorkerSetSpecSchedulingReplicaSchedulingConstraints, typing.Dict[builtins.str, typing.Any]]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__798cd3b958836b48d4ce663fde12dfb92e4afed99038ca890b9bba0f3252aa32(
    *,
    topology: typing.Optional[typing.Sequence[typing.Union[LeaderWorkerSetSpecSchedulingReplicaSchedulingConstraintsTopology, typing.Dict[builtins.str, typing.Any]]]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__66d29a483b81bdd3efd6ae0fe18df03698146ab6d4fd1abaafff861bbd5ab99f(
    *,
    key: builtins.str,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__ed42c4a6dc9ec73f1f8053c8dd8159fb3b4ccfa149727d5cbc2ed28aa91768af(
    *,
    topology: typing.Optional[typing.Sequence[typing.Union[LeaderWorkerSetSpecSchedulingSchedulingConstraintsTopology, typing.Dict[builtins.str, typing.Any]]]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__5512a43125fdeae2dc1e733d569499aefb848c3ac3c5585b3821cb3220ea357f(
    *,
    key: builtins.str,
) -> None:
    """Type checking stubs"""
    pass
