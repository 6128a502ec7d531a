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


class DisaggregatedSet(
    _cdk8s_d3d9af27.ApiObject,
    metaclass=jsii.JSIIMeta,
    jsii_type="iox-k8sdisaggregatedset.DisaggregatedSet",
):
    '''LeaderWorkerSets of several roles that are rolled out together, such as prefill and decode.

    :schema: DisaggregatedSet
    '''

    def __init__(
        self,
        scope: "_constructs_77d1e7e8.Construct",
        id: builtins.str,
        *,
        spec: typing.Union["DisaggregatedSetSpec", typing.Dict[builtins.str, typing.Any]],
        metadata: typing.Optional[typing.Union["_cdk8s_d3d9af27.ApiObjectMetadata", typing.Dict[builtins.str, typing.Any]]] = None,
    ) -> None:
        '''Defines a "DisaggregatedSet" API object.

        :param scope: the scope in which to define this object.
        :param id: a scope-local name for the object.
        :param spec: 
        :param metadata: 
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__9166a50dcdba2b303ab1cb85750665814da6b2194f110ddf4bcdabb87556f9d8)
            check_type(argname="argument scope", value=scope, expected_type=type_hints["scope"])
            check_type(argname="argument id", value=id, expected_type=type_hints["id"])
        props = DisaggregatedSetProps(spec=spec, metadata=metadata)

        jsii.create(self.__class__, self, [scope, id, props])

    @jsii.member(jsii_name="manifest")
    @builtins.classmethod
    def manifest(
        cls,
        *,
        spec: typing.Union["DisaggregatedSetSpec", typing.Dict[builtins.str, typing.Any]],
        metadata: typing.Optional[typing.Union["_cdk8s_d3d9af27.ApiObjectMetadata", typing.Dict[builtins.str, typing.Any]]] = None,
    ) -> typing.Any:
        '''Renders a Kubernetes manifest for "DisaggregatedSet".

        This can be used to inline resource manifests inside other objects (e.g. as templates).

        :param spec: 
        :param metadata: 
        '''
        props = DisaggregatedSetProps(spec=spec, metadata=metadata)

        return typing.cast(typing.Any, jsii.sinvoke(cls, "manifest", [props]))

    @jsii.member(jsii_name="toJson")
    def to_json(self) -> typing.Any:
        '''Renders the object to Kubernetes JSON.'''
        return typing.cast(typing.Any, jsii.invoke(self, "toJson", []))

    @jsii.python.classproperty
    @jsii.member(jsii_name="GVK")
    def GVK(cls) -> "_cdk8s_d3d9af27.GroupVersionKind":
        '''Returns the apiVersion and kind for "DisaggregatedSet".'''
        return typing.cast("_cdk8s_d3d9af27.GroupVersionKind", jsii.sget(cls, "GVK"))


@jsii.data_type(
    jsii_type="iox-k8sdisaggregatedset.DisaggregatedSetProps",
    jsii_struct_bases=[],
    name_mapping={"spec": "spec", "metadata": "metadata"},
)
class DisaggregatedSetProps:
    def __init__(
        self,
        *,
        spec: typing.Union["DisaggregatedSetSpec", typing.Dict[builtins.str, typing.Any]],
        metadata: typing.Optional[typing.Union["_cdk8s_d3d9af27.ApiObjectMetadata", typing.Dict[builtins.str, typing.Any]]] = None,
    ) -> None:
        '''LeaderWorkerSets of several roles that are rolled out together, such as prefill and decode.

        :param spec: 
        :param metadata: 

        :schema: DisaggregatedSet
        '''
        if isinstance(spec, dict):
            spec = DisaggregatedSetSpec(**spec)
        if isinstance(metadata, dict):
            metadata = _cdk8s_d3d9af27.ApiObjectMetadata(**metadata)
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__67b366615180c9e540556ab42c1d810d56e575261fb216eafcdf90da88a20e4b)
            check_type(argname="argument spec", value=spec, expected_type=type_hints["spec"])
            check_type(argname="argument metadata", value=metadata, expected_type=type_hints["metadata"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "spec": spec,
        }
        if metadata is not None:
            self._values["metadata"] = metadata

    @builtins.property
    def spec(self) -> "DisaggregatedSetSpec":
        '''
        :schema: DisaggregatedSet#spec
        '''
        result = self._values.get("spec")
        assert result is not None, "Required property 'spec' is missing"
        return typing.cast("DisaggregatedSetSpec", result)

    @builtins.property
    def metadata(self) -> typing.Optional["_cdk8s_d3d9af27.ApiObjectMetadata"]:
        '''
        :schema: DisaggregatedSet#metadata
        '''
        result = self._values.get("metadata")
        return typing.cast(typing.Optional["_cdk8s_d3d9af27.ApiObjectMetadata"], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "DisaggregatedSetProps(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="iox-k8sdisaggregatedset.DisaggregatedSetSpec",
    jsii_struct_bases=[],
    name_mapping={
        "roles": "roles",
        "placement_policy": "placementPolicy",
        "slices": "slices",
    },
)
class DisaggregatedSetSpec:
    def __init__(
        self,
        *,
        roles: typing.Sequence[typing.Union["DisaggregatedSetSpecRoles", typing.Dict[builtins.str, typing.Any]]],
        placement_policy: typing.Optional[typing.Union["DisaggregatedSetSpecPlacementPolicy", typing.Dict[builtins.str, typing.Any]]] = None,
        slices: typing.Optional[jsii.Number] = None,
    ) -> None:
        '''
        :param roles: 
        :param placement_policy: Where the pods of a slice are. From LeaderWorkerSet 0.10.
        :param slices: Copies of all roles. From LeaderWorkerSet 0.10. Default: 1.

        :schema: DisaggregatedSetSpec
        '''
        if isinstance(placement_policy, dict):
            placement_policy = DisaggregatedSetSpecPlacementPolicy(**placement_policy)
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__21e987d28ddff8da325c0febc321a52a6c212bec970a20c734ac32e2f29e00c2)
            check_type(argname="argument roles", value=roles, expected_type=type_hints["roles"])
            check_type(argname="argument placement_policy", value=placement_policy, expected_type=type_hints["placement_policy"])
            check_type(argname="argument slices", value=slices, expected_type=type_hints["slices"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "roles": roles,
        }
        if placement_policy is not None:
            self._values["placement_policy"] = placement_policy
        if slices is not None:
            self._values["slices"] = slices

    @builtins.property
    def roles(self) -> typing.List["DisaggregatedSetSpecRoles"]:
        '''
        :schema: DisaggregatedSetSpec#roles
        '''
        result = self._values.get("roles")
        assert result is not None, "Required property 'roles' is missing"
        return typing.cast(typing.List["DisaggregatedSetSpecRoles"], result)

    @builtins.property
    def placement_policy(
        self,
    ) -> typing.Optional["DisaggregatedSetSpecPlacementPolicy"]:
        '''Where the pods of a slice are.

        From LeaderWorkerSet 0.10.

        :schema: DisaggregatedSetSpec#placementPolicy
        '''
        result = self._values.get("placement_policy")
        return typing.cast(typing.Optional["DisaggregatedSetSpecPlacementPolicy"], result)

    @builtins.property
    def slices(self) -> typing.Optional[jsii.Number]:
        '''Copies of all roles.

        From LeaderWorkerSet 0.10. Default: 1.

        :schema: DisaggregatedSetSpec#slices
        '''
        result = self._values.get("slices")
        return typing.cast(typing.Optional[jsii.Number], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "DisaggregatedSetSpec(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="iox-k8sdisaggregatedset.DisaggregatedSetSpecPlacementPolicy",
    jsii_struct_bases=[],
    name_mapping={"topology": "topology", "type": "type"},
)
class DisaggregatedSetSpecPlacementPolicy:
    def __init__(
        self,
        *,
        topology: typing.Optional[builtins.str] = None,
        type: typing.Optional["DisaggregatedSetSpecPlacementPolicyType"] = None,
    ) -> None:
        '''Where the pods of a slice are.

        From LeaderWorkerSet 0.10.

        :param topology: A label of nodes.
        :param type: 

        :schema: DisaggregatedSetSpecPlacementPolicy
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__de6ad6b9209e4dfd65b363aab5a89eccda8f33c4eb40c2db42325ccf4a85c53f)
            check_type(argname="argument topology", value=topology, expected_type=type_hints["topology"])
            check_type(argname="argument type", value=type, expected_type=type_hints["type"])
        self._values: typing.Dict[builtins.str, typing.Any] = {}
        if topology is not None:
            self._values["topology"] = topology
        if type is not None:
            self._values["type"] = type

    @builtins.property
    def topology(self) -> typing.Optional[builtins.str]:
        '''A label of nodes.

        :schema: DisaggregatedSetSpecPlacementPolicy#topology
        '''
        result = self._values.get("topology")
        return typing.cast(typing.Optional[builtins.str], result)

    @builtins.property
    def type(self) -> typing.Optional["DisaggregatedSetSpecPlacementPolicyType"]:
        '''
        :schema: DisaggregatedSetSpecPlacementPolicy#type
        '''
        result = self._values.get("type")
        return typing.cast(typing.Optional["DisaggregatedSetSpecPlacementPolicyType"], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "DisaggregatedSetSpecPlacementPolicy(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.enum(jsii_type="iox-k8sdisaggregatedset.DisaggregatedSetSpecPlacementPolicyType")
class DisaggregatedSetSpecPlacementPolicyType(enum.Enum):
    '''
    :schema: DisaggregatedSetSpecPlacementPolicyType
    '''

    NONE = "NONE"
    '''None.'''
    EXCLUSIVE_SLICE = "EXCLUSIVE_SLICE"
    '''ExclusiveSlice.'''
    EXCLUSIVE_TOPOLOGY = "EXCLUSIVE_TOPOLOGY"
    '''ExclusiveTopology.'''


@jsii.data_type(
    jsii_type="iox-k8sdisaggregatedset.DisaggregatedSetSpecRoles",
    jsii_struct_bases=[],
    name_mapping={
        "name": "name",
        "spec": "spec",
        "metadata": "metadata",
        "scaling": "scaling",
    },
)
class DisaggregatedSetSpecRoles:
    def __init__(
        self,
        *,
        name: builtins.str,
        spec: typing.Union["DisaggregatedSetSpecRolesSpec", typing.Dict[builtins.str, typing.Any]],
        metadata: typing.Optional[typing.Union["DisaggregatedSetSpecRolesMetadata", typing.Dict[builtins.str, typing.Any]]] = None,
        scaling: typing.Optional[typing.Union["DisaggregatedSetSpecRolesScaling", typing.Dict[builtins.str, typing.Any]]] = None,
    ) -> None:
        '''
        :param name: 
        :param spec: 
        :param metadata: Of the LeaderWorkerSet that is made of the role.
        :param scaling: Who decides on the replicas. From LeaderWorkerSet 0.10.

        :schema: DisaggregatedSetSpecRoles
        '''
        if isinstance(spec, dict):
            spec = DisaggregatedSetSpecRolesSpec(**spec)
        if isinstance(metadata, dict):
            metadata = DisaggregatedSetSpecRolesMetadata(**metadata)
        if isinstance(scaling, dict):
            scaling = DisaggregatedSetSpecRolesScaling(**scaling)
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__cde25ae3278a0801cdfcf459634df04919057c54ca13c6e5a7487966390bc2b2)
            check_type(argname="argument name", value=name, expected_type=type_hints["name"])
            check_type(argname="argument spec", value=spec, expected_type=type_hints["spec"])
            check_type(argname="argument metadata", value=metadata, expected_type=type_hints["metadata"])
            check_type(argname="argument scaling", value=scaling, expected_type=type_hints["scaling"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "name": name,
            "spec": spec,
        }
        if metadata is not None:
            self._values["metadata"] = metadata
        if scaling is not None:
            self._values["scaling"] = scaling

    @builtins.property
    def name(self) -> builtins.str:
        '''
        :schema: DisaggregatedSetSpecRoles#name
        '''
        result = self._values.get("name")
        assert result is not None, "Required property 'name' is missing"
        return typing.cast(builtins.str, result)

    @builtins.property
    def spec(self) -> "DisaggregatedSetSpecRolesSpec":
        '''
        :schema: DisaggregatedSetSpecRoles#spec
        '''
        result = self._values.get("spec")
        assert result is not None, "Required property 'spec' is missing"
        return typing.cast("DisaggregatedSetSpecRolesSpec", result)

    @builtins.property
    def metadata(self) -> typing.Optional["DisaggregatedSetSpecRolesMetadata"]:
        '''Of the LeaderWorkerSet that is made of the role.

        :schema: DisaggregatedSetSpecRoles#metadata
        '''
        result = self._values.get("metadata")
        return typing.cast(typing.Optional["DisaggregatedSetSpecRolesMetadata"], result)

    @builtins.property
    def scaling(self) -> typing.Optional["DisaggregatedSetSpecRolesScaling"]:
        '''Who decides on the replicas.

        From LeaderWorkerSet 0.10.

        :schema: DisaggregatedSetSpecRoles#scaling
        '''
        result = self._values.get("scaling")
        return typing.cast(typing.Optional["DisaggregatedSetSpecRolesScaling"], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "DisaggregatedSetSpecRoles(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="iox-k8sdisaggregatedset.DisaggregatedSetSpecRolesMetadata",
    jsii_struct_bases=[],
    name_mapping={"annotations": "annotations", "labels": "labels"},
)
class DisaggregatedSetSpecRolesMetadata:
    def __init__(
        self,
        *,
        annotations: typing.Optional[typing.Mapping[builtins.str, builtins.str]] = None,
        labels: typing.Optional[typing.Mapping[builtins.str, builtins.str]] = None,
    ) -> None:
        '''Of the LeaderWorkerSet that is made of the role.

        :param annotations: 
        :param labels: 

        :schema: DisaggregatedSetSpecRolesMetadata
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__d98b760f73f13643e1404be596f0877331fbacbe408dddd63c0d57f8f57c2449)
            check_type(argname="argument annotations", value=annotations, expected_type=type_hints["annotations"])
            check_type(argname="argument labels", value=labels, expected_type=type_hints["labels"])
        self._values: typing.Dict[builtins.str, typing.Any] = {}
        if annotations is not None:
            self._values["annotations"] = annotations
        if labels is not None:
            self._values["labels"] = labels

    @builtins.property
    def annotations(
        self,
    ) -> typing.Optional[typing.Mapping[builtins.str, builtins.str]]:
        '''
        :schema: DisaggregatedSetSpecRolesMetadata#annotations
        '''
        result = self._values.get("annotations")
        return typing.cast(typing.Optional[typing.Mapping[builtins.str, builtins.str]], result)

    @builtins.property
    def labels(self) -> typing.Optional[typing.Mapping[builtins.str, builtins.str]]:
        '''
        :schema: DisaggregatedSetSpecRolesMetadata#labels
        '''
        result = self._values.get("labels")
        return typing.cast(typing.Optional[typing.Mapping[builtins.str, builtins.str]], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "DisaggregatedSetSpecRolesMetadata(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="iox-k8sdisaggregatedset.DisaggregatedSetSpecRolesScaling",
    jsii_struct_bases=[],
    name_mapping={"mode": "mode"},
)
class DisaggregatedSetSpecRolesScaling:
    def __init__(
        self,
        *,
        mode: typing.Optional["DisaggregatedSetSpecRolesScalingMode"] = None,
    ) -> None:
        '''Who decides on the replicas.

        From LeaderWorkerSet 0.10.

        :param mode: 

        :schema: DisaggregatedSetSpecRolesScaling
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__c1af96a9d12f592f1b31137160c12863e5f104e236af7478c1ce41b16d6ccae8)
            check_type(argname="argument mode", value=mode, expected_type=type_hints["mode"])
        self._values: typing.Dict[builtins.str, typing.Any] = {}
        if mode is not None:
            self._values["mode"] = mode

    @builtins.property
    def mode(self) -> typing.Optional["DisaggregatedSetSpecRolesScalingMode"]:
        '''
        :schema: DisaggregatedSetSpecRolesScaling#mode
        '''
        result = self._values.get("mode")
        return typing.cast(typing.Optional["DisaggregatedSetSpecRolesScalingMode"], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "DisaggregatedSetSpecRolesScaling(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.enum(jsii_type="iox-k8sdisaggregatedset.DisaggregatedSetSpecRolesScalingMode")
class DisaggregatedSetSpecRolesScalingMode(enum.Enum):
    '''
    :schema: DisaggregatedSetSpecRolesScalingMode
    '''

    STATIC = "STATIC"
    '''Static.'''
    EXTERNAL = "EXTERNAL"
    '''External.'''


@jsii.data_type(
    jsii_type="iox-k8sdisaggregatedset.DisaggregatedSetSpecRolesSpec",
    jsii_struct_bases=[],
    name_mapping={
        "leader_worker_template": "leaderWorkerTemplate",
        "network_config": "networkConfig",
        "replicas": "replicas",
        "rollout_strategy": "rolloutStrategy",
        "startup_policy": "startupPolicy",
    },
)
class DisaggregatedSetSpecRolesSpec:
    def __init__(
        self,
        *,
        leader_worker_template: typing.Union["DisaggregatedSetSpecRolesSpecLeaderWorkerTemplate", typing.Dict[builtins.str, typing.Any]],
        network_config: typing.Optional[typing.Union["DisaggregatedSetSpecRolesSpecNetworkConfig", typing.Dict[builtins.str, typing.Any]]] = None,
        replicas: typing.Optional[jsii.Number] = None,
        rollout_strategy: typing.Optional[typing.Union["DisaggregatedSetSpecRolesSpecRolloutStrategy", typing.Dict[builtins.str, typing.Any]]] = None,
        startup_policy: typing.Optional["DisaggregatedSetSpecRolesSpecStartupPolicy"] = None,
    ) -> None:
        '''
        :param leader_worker_template: 
        :param network_config: 
        :param replicas: Number of groups. Default: 1.
        :param rollout_strategy: 
        :param startup_policy: When the workers are made. Default: LeaderCreated.

        :schema: DisaggregatedSetSpecRolesSpec
        '''
        if isinstance(leader_worker_template, dict):
            leader_worker_template = DisaggregatedSetSpecRolesSpecLeaderWorkerTemplate(**leader_worker_template)
        if isinstance(network_config, dict):
            network_config = DisaggregatedSetSpecRolesSpecNetworkConfig(**network_config)
        if isinstance(rollout_strategy, dict):
            rollout_strategy = DisaggregatedSetSpecRolesSpecRolloutStrategy(**rollout_strategy)
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__bf85146b2a9ec1ee06d67017846849c9152beed4143276fb4f150d48fa085e52)
            check_type(argname="argument leader_worker_template", value=leader_worker_template, expected_type=type_hints["leader_worker_template"])
            check_type(argname="argument network_config", value=network_config, expected_type=type_hints["network_config"])
            check_type(argname="argument replicas", value=replicas, expected_type=type_hints["replicas"])
            check_type(argname="argument rollout_strategy", value=rollout_strategy, expected_type=type_hints["rollout_strategy"])
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
        if startup_policy is not None:
            self._values["startup_policy"] = startup_policy

    @builtins.property
    def leader_worker_template(
        self,
    ) -> "DisaggregatedSetSpecRolesSpecLeaderWorkerTemplate":
        '''
        :schema: DisaggregatedSetSpecRolesSpec#leaderWorkerTemplate
        '''
        result = self._values.get("leader_worker_template")
        assert result is not None, "Required property 'leader_worker_template' is missing"
        return typing.cast("DisaggregatedSetSpecRolesSpecLeaderWorkerTemplate", result)

    @builtins.property
    def network_config(
        self,
    ) -> typing.Optional["DisaggregatedSetSpecRolesSpecNetworkConfig"]:
        '''
        :schema: DisaggregatedSetSpecRolesSpec#networkConfig
        '''
        result = self._values.get("network_config")
        return typing.cast(typing.Optional["DisaggregatedSetSpecRolesSpecNetworkConfig"], result)

    @builtins.property
    def replicas(self) -> typing.Optional[jsii.Number]:
        '''Number of groups.

        Default: 1.

        :schema: DisaggregatedSetSpecRolesSpec#replicas
        '''
        result = self._values.get("replicas")
        return typing.cast(typing.Optional[jsii.Number], result)

    @builtins.property
    def rollout_strategy(
        self,
    ) -> typing.Optional["DisaggregatedSetSpecRolesSpecRolloutStrategy"]:
        '''
        :schema: DisaggregatedSetSpecRolesSpec#rolloutStrategy
        '''
        result = self._values.get("rollout_strategy")
        return typing.cast(typing.Optional["DisaggregatedSetSpecRolesSpecRolloutStrategy"], result)

    @builtins.property
    def startup_policy(
        self,
    ) -> typing.Optional["DisaggregatedSetSpecRolesSpecStartupPolicy"]:
        '''When the workers are made.

        Default: LeaderCreated.

        :schema: DisaggregatedSetSpecRolesSpec#startupPolicy
        '''
        result = self._values.get("startup_policy")
        return typing.cast(typing.Optional["DisaggregatedSetSpecRolesSpecStartupPolicy"], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "DisaggregatedSetSpecRolesSpec(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="iox-k8sdisaggregatedset.DisaggregatedSetSpecRolesSpecLeaderWorkerTemplate",
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
class DisaggregatedSetSpecRolesSpecLeaderWorkerTemplate:
    def __init__(
        self,
        *,
        worker_template: typing.Any,
        leader_template: typing.Any = None,
        persistent_volume_claim_retention_policy: typing.Optional[typing.Union["DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicy", typing.Dict[builtins.str, typing.Any]]] = None,
        restart_policy: typing.Optional["DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateRestartPolicy"] = None,
        size: typing.Optional[jsii.Number] = None,
        sub_group_policy: typing.Optional[typing.Union["DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateSubGroupPolicy", typing.Dict[builtins.str, typing.Any]]] = None,
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

        :schema: DisaggregatedSetSpecRolesSpecLeaderWorkerTemplate
        '''
        if isinstance(persistent_volume_claim_retention_policy, dict):
            persistent_volume_claim_retention_policy = DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicy(**persistent_volume_claim_retention_policy)
        if isinstance(sub_group_policy, dict):
            sub_group_policy = DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateSubGroupPolicy(**sub_group_policy)
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__1cc3622e953685955edf891dfb768df08a9d96fb8e433c5cd10fc95ab5e9eda0)
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

        :schema: DisaggregatedSetSpecRolesSpecLeaderWorkerTemplate#workerTemplate
        '''
        result = self._values.get("worker_template")
        assert result is not None, "Required property 'worker_template' is missing"
        return typing.cast(typing.Any, result)

    @builtins.property
    def leader_template(self) -> typing.Any:
        '''A pod template;

        the workers' by default.

        :schema: DisaggregatedSetSpecRolesSpecLeaderWorkerTemplate#leaderTemplate
        '''
        result = self._values.get("leader_template")
        return typing.cast(typing.Any, result)

    @builtins.property
    def persistent_volume_claim_retention_policy(
        self,
    ) -> typing.Optional["DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicy"]:
        '''
        :schema: DisaggregatedSetSpecRolesSpecLeaderWorkerTemplate#persistentVolumeClaimRetentionPolicy
        '''
        result = self._values.get("persistent_volume_claim_retention_policy")
        return typing.cast(typing.Optional["DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicy"], result)

    @builtins.property
    def restart_policy(
        self,
    ) -> typing.Optional["DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateRestartPolicy"]:
        '''Default: RecreateGroupOnPodRestart.

        :schema: DisaggregatedSetSpecRolesSpecLeaderWorkerTemplate#restartPolicy
        '''
        result = self._values.get("restart_policy")
        return typing.cast(typing.Optional["DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateRestartPolicy"], result)

    @builtins.property
    def size(self) -> typing.Optional[jsii.Number]:
        '''Pods in a group, leader included.

        Default: 1.

        :schema: DisaggregatedSetSpecRolesSpecLeaderWorkerTemplate#size
        '''
        result = self._values.get("size")
        return typing.cast(typing.Optional[jsii.Number], result)

    @builtins.property
    def sub_group_policy(
        self,
    ) -> typing.Optional["DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateSubGroupPolicy"]:
        '''
        :schema: DisaggregatedSetSpecRolesSpecLeaderWorkerTemplate#subGroupPolicy
        '''
        result = self._values.get("sub_group_policy")
        return typing.cast(typing.Optional["DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateSubGroupPolicy"], result)

    @builtins.property
    def volume_claim_templates(self) -> typing.Optional[typing.List[typing.Any]]:
        '''
        :schema: DisaggregatedSetSpecRolesSpecLeaderWorkerTemplate#volumeClaimTemplates
        '''
        result = self._values.get("volume_claim_templates")
        return typing.cast(typing.Optional[typing.List[typing.Any]], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "DisaggregatedSetSpecRolesSpecLeaderWorkerTemplate(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="iox-k8sdisaggregatedset.DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicy",
    jsii_struct_bases=[],
    name_mapping={"when_deleted": "whenDeleted", "when_scaled": "whenScaled"},
)
class DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicy:
    def __init__(
        self,
        *,
        when_deleted: typing.Optional["DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenDeleted"] = None,
        when_scaled: typing.Optional["DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenScaled"] = None,
    ) -> None:
        '''
        :param when_deleted: 
        :param when_scaled: 

        :schema: DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicy
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__828c8ca9d4da69230d8012a53bc309bfbed9db31ea9e681926f1571281857652)
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
    ) -> typing.Optional["DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenDeleted"]:
        '''
        :schema: DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicy#whenDeleted
        '''
        result = self._values.get("when_deleted")
        return typing.cast(typing.Optional["DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenDeleted"], result)

    @builtins.property
    def when_scaled(
        self,
    ) -> typing.Optional["DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenScaled"]:
        '''
        :schema: DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicy#whenScaled
        '''
        result = self._values.get("when_scaled")
        return typing.cast(typing.Optional["DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenScaled"], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicy(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.enum(
    jsii_type="iox-k8sdisaggregatedset.DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenDeleted"
)
class DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenDeleted(
    enum.Enum,
):
    '''
    :schema: DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenDeleted
    '''

    RETAIN = "RETAIN"
    '''Retain.'''
    DELETE = "DELETE"
    '''Delete.'''


@jsii.enum(
    jsii_type="iox-k8sdisaggregatedset.DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenScaled"
)
class DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenScaled(
    enum.Enum,
):
    '''
    :schema: DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenScaled
    '''

    RETAIN = "RETAIN"
    '''Retain.'''
    DELETE = "DELETE"
    '''Delete.'''


@jsii.enum(
    jsii_type="iox-k8sdisaggregatedset.DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateRestartPolicy"
)
class DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateRestartPolicy(enum.Enum):
    '''Default: RecreateGroupOnPodRestart.

    :schema: DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateRestartPolicy
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
    jsii_type="iox-k8sdisaggregatedset.DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateSubGroupPolicy",
    jsii_struct_bases=[],
    name_mapping={
        "sub_group_policy_type": "subGroupPolicyType",
        "sub_group_size": "subGroupSize",
    },
)
class DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateSubGroupPolicy:
    def __init__(
        self,
        *,
        sub_group_policy_type: typing.Optional["DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateSubGroupPolicySubGroupPolicyType"] = None,
        sub_group_size: typing.Optional[jsii.Number] = None,
    ) -> None:
        '''
        :param sub_group_policy_type: 
        :param sub_group_size: 

        :schema: DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateSubGroupPolicy
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__49ad9eb718391efd629efc8bb5f7716febfc740757a8d1804d10873c6418aa4c)
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
    ) -> typing.Optional["DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateSubGroupPolicySubGroupPolicyType"]:
        '''
        :schema: DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateSubGroupPolicy#subGroupPolicyType
        '''
        result = self._values.get("sub_group_policy_type")
        return typing.cast(typing.Optional["DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateSubGroupPolicySubGroupPolicyType"], result)

    @builtins.property
    def sub_group_size(self) -> typing.Optional[jsii.Number]:
        '''
        :schema: DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateSubGroupPolicy#subGroupSize
        '''
        result = self._values.get("sub_group_size")
        return typing.cast(typing.Optional[jsii.Number], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateSubGroupPolicy(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.enum(
    jsii_type="iox-k8sdisaggregatedset.DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateSubGroupPolicySubGroupPolicyType"
)
class DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateSubGroupPolicySubGroupPolicyType(
    enum.Enum,
):
    '''
    :schema: DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateSubGroupPolicySubGroupPolicyType
    '''

    LEADER_WORKER = "LEADER_WORKER"
    '''LeaderWorker.'''
    LEADER_EXCLUDED = "LEADER_EXCLUDED"
    '''LeaderExcluded.'''


@jsii.data_type(
    jsii_type="iox-k8sdisaggregatedset.DisaggregatedSetSpecRolesSpecNetworkConfig",
    jsii_struct_bases=[],
    name_mapping={"subdomain_policy": "subdomainPolicy"},
)
class DisaggregatedSetSpecRolesSpecNetworkConfig:
    def __init__(
        self,
        *,
        subdomain_policy: "DisaggregatedSetSpecRolesSpecNetworkConfigSubdomainPolicy",
    ) -> None:
        '''
        :param subdomain_policy: One headless Service for all groups, or one for each.

        :schema: DisaggregatedSetSpecRolesSpecNetworkConfig
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__eedd0364fb7e6c744a109783d29555c90f82f68f82148eb85d0071ac34366eed)
            check_type(argname="argument subdomain_policy", value=subdomain_policy, expected_type=type_hints["subdomain_policy"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "subdomain_policy": subdomain_policy,
        }

    @builtins.property
    def subdomain_policy(
        self,
    ) -> "DisaggregatedSetSpecRolesSpecNetworkConfigSubdomainPolicy":
        '''One headless Service for all groups, or one for each.

        :schema: DisaggregatedSetSpecRolesSpecNetworkConfig#subdomainPolicy
        '''
        result = self._values.get("subdomain_policy")
        assert result is not None, "Required property 'subdomain_policy' is missing"
        return typing.cast("DisaggregatedSetSpecRolesSpecNetworkConfigSubdomainPolicy", result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "DisaggregatedSetSpecRolesSpecNetworkConfig(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.enum(
    jsii_type="iox-k8sdisaggregatedset.DisaggregatedSetSpecRolesSpecNetworkConfigSubdomainPolicy"
)
class DisaggregatedSetSpecRolesSpecNetworkConfigSubdomainPolicy(enum.Enum):
    '''One headless Service for all groups, or one for each.

    :schema: DisaggregatedSetSpecRolesSpecNetworkConfigSubdomainPolicy
    '''

    SHARED = "SHARED"
    '''Shared.'''
    UNIQUE_PER_REPLICA = "UNIQUE_PER_REPLICA"
    '''UniquePerReplica.'''


@jsii.data_type(
    jsii_type="iox-k8sdisaggregatedset.DisaggregatedSetSpecRolesSpecRolloutStrategy",
    jsii_struct_bases=[],
    name_mapping={
        "type": "type",
        "rolling_update_configuration": "rollingUpdateConfiguration",
    },
)
class DisaggregatedSetSpecRolesSpecRolloutStrategy:
    def __init__(
        self,
        *,
        type: "DisaggregatedSetSpecRolesSpecRolloutStrategyType",
        rolling_update_configuration: typing.Optional[typing.Union["DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfiguration", typing.Dict[builtins.str, typing.Any]]] = None,
    ) -> None:
        '''
        :param type: 
        :param rolling_update_configuration: 

        :schema: DisaggregatedSetSpecRolesSpecRolloutStrategy
        '''
        if isinstance(rolling_update_configuration, dict):
            rolling_update_configuration = DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfiguration(**rolling_update_configuration)
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__1c94859fdebf053b2be447a0ca3a04ac10db0f030e7ce546ecc90329bb7ad807)
            check_type(argname="argument type", value=type, expected_type=type_hints["type"])
            check_type(argname="argument rolling_update_configuration", value=rolling_update_configuration, expected_type=type_hints["rolling_update_configuration"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "type": type,
        }
        if rolling_update_configuration is not None:
            self._values["rolling_update_configuration"] = rolling_update_configuration

    @builtins.property
    def type(self) -> "DisaggregatedSetSpecRolesSpecRolloutStrategyType":
        '''
        :schema: DisaggregatedSetSpecRolesSpecRolloutStrategy#type
        '''
        result = self._values.get("type")
        assert result is not None, "Required property 'type' is missing"
        return typing.cast("DisaggregatedSetSpecRolesSpecRolloutStrategyType", result)

    @builtins.property
    def rolling_update_configuration(
        self,
    ) -> typing.Optional["DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfiguration"]:
        '''
        :schema: DisaggregatedSetSpecRolesSpecRolloutStrategy#rollingUpdateConfiguration
        '''
        result = self._values.get("rolling_update_configuration")
        return typing.cast(typing.Optional["DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfiguration"], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "DisaggregatedSetSpecRolesSpecRolloutStrategy(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="iox-k8sdisaggregatedset.DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfiguration",
    jsii_struct_bases=[],
    name_mapping={
        "max_surge": "maxSurge",
        "max_unavailable": "maxUnavailable",
        "partition": "partition",
    },
)
class DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfiguration:
    def __init__(
        self,
        *,
        max_surge: typing.Optional["DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfigurationMaxSurge"] = None,
        max_unavailable: typing.Optional["DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfigurationMaxUnavailable"] = None,
        partition: typing.Optional[jsii.Number] = None,
    ) -> None:
        '''
        :param max_surge: 
        :param max_unavailable: 
        :param partition: 

        :schema: DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfiguration
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__9dc3e776457c3c11faed796b29af7d9a168ab873dae76eed0ca1d4f713ffc8a5)
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
    ) -> typing.Optional["DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfigurationMaxSurge"]:
        '''
        :schema: DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfiguration#maxSurge
        '''
        result = self._values.get("max_surge")
        return typing.cast(typing.Optional["DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfigurationMaxSurge"], result)

    @builtins.property
    def max_unavailable(
        self,
    ) -> typing.Optional["DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfigurationMaxUnavailable"]:
        '''
        :schema: DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfiguration#maxUnavailable
        '''
        result = self._values.get("max_unavailable")
        return typing.cast(typing.Optional["DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfigurationMaxUnavailable"], result)

    @builtins.property
    def partition(self) -> typing.Optional[jsii.Number]:
        '''
        :schema: DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfiguration#partition
        '''
        result = self._values.get("partition")
        return typing.cast(typing.Optional[jsii.Number], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfiguration(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


class DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfigurationMaxSurge(
    metaclass=jsii.JSIIMeta,
    jsii_type="iox-k8sdisaggregatedset.DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfigurationMaxSurge",
):
    '''
    :schema: DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfigurationMaxSurge
    '''

    @jsii.member(jsii_name="fromNumber")
    @builtins.classmethod
    def from_number(
        cls,
        value: jsii.Number,
    ) -> "DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfigurationMaxSurge":
        '''
        :param value: -
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__7cc032b3f23d337ebd76cd8b5fd95a841a77e9f30abbc02e5f99baedf41fbb95)
            check_type(argname="argument value", value=value, expected_type=type_hints["value"])
        return typing.cast("DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfigurationMaxSurge", jsii.sinvoke(cls, "fromNumber", [value]))

    @jsii.member(jsii_name="fromString")
    @builtins.classmethod
    def from_string(
        cls,
        value: builtins.str,
    ) -> "DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfigurationMaxSurge":
        '''
        :param value: -
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__cab04b960876ecb959669136e1a7c46be5524ebd1d78b6936566572635b89d03)
            check_type(argname="argument value", value=value, expected_type=type_hints["value"])
        return typing.cast("DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfigurationMaxSurge", jsii.sinvoke(cls, "fromString", [value]))

    @builtins.property
    @jsii.member(jsii_name="value")
    def value(self) -> typing.Union[builtins.str, jsii.Number]:
        return typing.cast(typing.Union[builtins.str, jsii.Number], jsii.get(self, "value"))


class DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfigurationMaxUnavailable(
    metaclass=jsii.JSIIMeta,
    jsii_type="iox-k8sdisaggregatedset.DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfigurationMaxUnavailable",
):
    '''
    :schema: DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfigurationMaxUnavailable
    '''

    @jsii.member(jsii_name="fromNumber")
    @builtins.classmethod
    def from_number(
        cls,
        value: jsii.Number,
    ) -> "DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfigurationMaxUnavailable":
        '''
        :param value: -
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__e70a8e04ebb7e68ed24271786ab346cfe5b24867767b82881a8de35c6fe2be05)
            check_type(argname="argument value", value=value, expected_type=type_hints["value"])
        return typing.cast("DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfigurationMaxUnavailable", jsii.sinvoke(cls, "fromNumber", [value]))

    @jsii.member(jsii_name="fromString")
    @builtins.classmethod
    def from_string(
        cls,
        value: builtins.str,
    ) -> "DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfigurationMaxUnavailable":
        '''
        :param value: -
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__6bf587190970e15392023969bb1df3744ed8d502c4445b06b2112dad0cdc3191)
            check_type(argname="argument value", value=value, expected_type=type_hints["value"])
        return typing.cast("DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfigurationMaxUnavailable", jsii.sinvoke(cls, "fromString", [value]))

    @builtins.property
    @jsii.member(jsii_name="value")
    def value(self) -> typing.Union[builtins.str, jsii.Number]:
        return typing.cast(typing.Union[builtins.str, jsii.Number], jsii.get(self, "value"))


@jsii.enum(
    jsii_type="iox-k8sdisaggregatedset.DisaggregatedSetSpecRolesSpecRolloutStrategyType"
)
class DisaggregatedSetSpecRolesSpecRolloutStrategyType(enum.Enum):
    '''
    :schema: DisaggregatedSetSpecRolesSpecRolloutStrategyType
    '''

    ROLLING_UPDATE = "ROLLING_UPDATE"
    '''RollingUpdate.'''


@jsii.enum(
    jsii_type="iox-k8sdisaggregatedset.DisaggregatedSetSpecRolesSpecStartupPolicy"
)
class DisaggregatedSetSpecRolesSpecStartupPolicy(enum.Enum):
    '''When the workers are made.

    Default: LeaderCreated.

    :schema: DisaggregatedSetSpecRolesSpecStartupPolicy
    '''

    LEADER_CREATED = "LEADER_CREATED"
    '''LeaderCreated.'''
    LEADER_READY = "LEADER_READY"
    '''LeaderReady.'''


__all__ = [
    "DisaggregatedSet",
    "DisaggregatedSetProps",
    "DisaggregatedSetSpec",
    "DisaggregatedSetSpecPlacementPolicy",
    "DisaggregatedSetSpecPlacementPolicyType",
    "DisaggregatedSetSpecRoles",
    "DisaggregatedSetSpecRolesMetadata",
    "DisaggregatedSetSpecRolesScaling",
    "DisaggregatedSetSpecRolesScalingMode",
    "DisaggregatedSetSpecRolesSpec",
    "DisaggregatedSetSpecRolesSpecLeaderWorkerTemplate",
    "DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicy",
    "DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenDeleted",
    "DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenScaled",
    "DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateRestartPolicy",
    "DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateSubGroupPolicy",
    "DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateSubGroupPolicySubGroupPolicyType",
    "DisaggregatedSetSpecRolesSpecNetworkConfig",
    "DisaggregatedSetSpecRolesSpecNetworkConfigSubdomainPolicy",
    "DisaggregatedSetSpecRolesSpecRolloutStrategy",
    "DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfiguration",
    "DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfigurationMaxSurge",
    "DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfigurationMaxUnavailable",
    "DisaggregatedSetSpecRolesSpecRolloutStrategyType",
    "DisaggregatedSetSpecRolesSpecStartupPolicy",
]

publication.publish()

def _typecheckingstub__9166a50dcdba2b303ab1cb85750665814da6b2194f110ddf4bcdabb87556f9d8(
    scope: _constructs_77d1e7e8.Construct,
    id: builtins.str,
    *,
    spec: typing.Union[DisaggregatedSetSpec, typing.Dict[builtins.str, typing.Any]],
    metadata: typing.Optional[typing.Union[_cdk8s_d3d9af27.ApiObjectMetadata, typing.Dict[builtins.str, typing.Any]]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__67b366615180c9e540556ab42c1d810d56e575261fb216eafcdf90da88a20e4b(
    *,
    spec: typing.Union[DisaggregatedSetSpec, typing.Dict[builtins.str, typing.Any]],
    metadata: typing.Optional[typing.Union[_cdk8s_d3d9af27.ApiObjectMetadata, typing.Dict[builtins.str, typing.Any]]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__21e987d28ddff8da325c0febc321a52a6c212bec970a20c734ac32e2f29e00c2(
    *,
    roles: typing.Sequence[typing.Union[DisaggregatedSetSpecRoles, typing.Dict[builtins.str, typing.Any]]],
    placement_policy: typing.Optional[typing.Union[DisaggregatedSetSpecPlacementPolicy, typing.Dict[builtins.str, typing.Any]]] = None,
    slices: typing.Optional[jsii.Number] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__de6ad6b9209e4dfd65b363aab5a89eccda8f33c4eb40c2db42325ccf4a85c53f(
    *,
    topology: typing.Optional[builtins.str] = None,
    type: typing.Optional[DisaggregatedSetSpecPlacementPolicyType] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__cde25ae3278a0801cdfcf459634df04919057c54ca13c6e5a7487966390bc2b2(
    *,
    name: builtins.str,
    spec: typing.Union[DisaggregatedSetSpecRolesSpec, typing.Dict[builtins.str, typing.Any]],
    metadata: typing.Optional[typing.Union[DisaggregatedSetSpecRolesMetadata, typing.Dict[builtins.str, typing.Any]]] = None,
    scaling: typing.Optional[typing.Union[DisaggregatedSetSpecRolesScaling, typing.Dict[builtins.str, typing.Any]]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__d98b760f73f13643e1404be596f0877331fbacbe408dddd63c0d57f8f57c2449(
    *,
    annotations: typing.Optional[typing.Mapping[builtins.str, builtins.str]] = None,
    labels: typing.Optional[typing.Mapping[builtins.str, builtins.str]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__c1af96a9d12f592f1b31137160c12863e5f104e236af7478c1ce41b16d6ccae8(
    *,
    mode: typing.Optional[DisaggregatedSetSpecRolesScalingMode] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__bf85146b2a9ec1ee06d67017846849c9152beed4143276fb4f150d48fa085e52(
    *,
    leader_worker_template: typing.Union[DisaggregatedSetSpecRolesSpecLeaderWorkerTemplate, typing.Dict[builtins.str, typing.Any]],
    network_config: typing.Optional[typing.Union[DisaggregatedSetSpecRolesSpecNetworkConfig, typing.Dict[builtins.str, typing.Any]]] = None,
    replicas: typing.Optional[jsii.Number] = None,
    rollout_strategy: typing.Optional[typing.Union[DisaggregatedSetSpecRolesSpecRolloutStrategy, typing.Dict[builtins.str, typing.Any]]] = None,
    startup_policy: typing.Optional[DisaggregatedSetSpecRolesSpecStartupPolicy] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__1cc3622e953685955edf891dfb768df08a9d96fb8e433c5cd10fc95ab5e9eda0(
    *,
    worker_template: typing.Any,
    leader_template: typing.Any = None,
    persistent_volume_claim_retention_policy: typing.Optional[typing.Union[DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicy, typing.Dict[builtins.str, typing.Any]]] = None,
    restart_policy: typing.Optional[DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateRestartPolicy] = None,
    size: typing.Optional[jsii.Number] = None,
    sub_group_policy: typing.Optional[typing.Union[DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateSubGroupPolicy, typing.Dict[builtins.str, typing.Any]]] = None,
    volume_claim_templates: typing.Optional[typing.Sequence[typing.Any]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__828c8ca9d4da69230d8012a53bc309bfbed9db31ea9e681926f1571281857652(
    *,
    when_deleted: typing.Optional[DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenDeleted] = None,
    when_scaled: typing.Optional[DisaggregatedSetSpecRolesSpecLeaderWorkerTemplatePersistentVolumeClaimRetentionPolicyWhenScaled] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__49ad9eb718391efd629efc8bb5f7716febfc740757a8d1804d10873c6418aa4c(
    *,
    sub_group_policy_type: typing.Optional[DisaggregatedSetSpecRolesSpecLeaderWorkerTemplateSubGroupPolicySubGroupPolicyType] = None,
    sub_group_size: typing.Optional[jsii.Number] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__eedd0364fb7e6c744a109783d29555c90f82f68f82148eb85d0071ac34366eed(
    *,
    subdomain_policy: DisaggregatedSetSpecRolesSpecNetworkConfigSubdomainPolicy,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__1c94859fdebf053b2be447a0ca3a04ac10db0f030e7ce546ecc90329bb7ad807(
    *,
    type: DisaggregatedSetSpecRolesSpecRolloutStrategyType,
    rolling_update_configuration: typing.Optional[typing.Union[DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfiguration, typing.Dict[builtins.str, typing.Any]]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__9dc3e776457c3c11faed796b29af7d9a168ab873dae76eed0ca1d4f713ffc8a5(
    *,
    max_surge: typing.Optional[DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfigurationMaxSurge] = None,
    max_unavailable: typing.Optional[DisaggregatedSetSpecRolesSpecRolloutStrategyRollingUpdateConfigurationMaxUnavailable] = None,
    partition: typing.Optional[jsii.Number] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__7cc032b3f23d337ebd76cd8b5fd95a841a77e9f30abbc02e5f99baedf41fbb95(
    value: jsii.Number,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__cab04b960876ecb959669136e1a7c46be5524ebd1d78b6936566572635b89d03(
    value: builtins.str,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__e70a8e04ebb7e68ed24271786ab346cfe5b24867767b82881a8de35c6fe2be05(
    value: jsii.Number,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__6bf587190970e15392023969bb1df3744ed8d502c4445b06b2112dad0cdc3191(
    value: builtins.str,
) -> None:
    """Type checking stubs"""
    pass
