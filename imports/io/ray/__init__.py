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


class RayCluster(
    _cdk8s_d3d9af27.ApiObject,
    metaclass=jsii.JSIIMeta,
    jsii_type="ioray.RayCluster",
):
    '''A Ray cluster of a head and groups of workers.

    :schema: RayCluster
    '''

    def __init__(
        self,
        scope: "_constructs_77d1e7e8.Construct",
        id: builtins.str,
        *,
        spec: typing.Union["RayClusterSpec", typing.Dict[builtins.str, typing.Any]],
        metadata: typing.Optional[typing.Union["_cdk8s_d3d9af27.ApiObjectMetadata", typing.Dict[builtins.str, typing.Any]]] = None,
    ) -> None:
        '''Defines a "RayCluster" API object.

        :param scope: the scope in which to define this object.
        :param id: a scope-local name for the object.
        :param spec: 
        :param metadata: 
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__34e71fc7709841b14d8b70676dcf4bb0bcd385679eabf3ec4b7833cbc540a773)
            check_type(argname="argument scope", value=scope, expected_type=type_hints["scope"])
            check_type(argname="argument id", value=id, expected_type=type_hints["id"])
        props = RayClusterProps(spec=spec, metadata=metadata)

        jsii.create(self.__class__, self, [scope, id, props])

    @jsii.member(jsii_name="manifest")
    @builtins.classmethod
    def manifest(
        cls,
        *,
        spec: typing.Union["RayClusterSpec", typing.Dict[builtins.str, typing.Any]],
        metadata: typing.Optional[typing.Union["_cdk8s_d3d9af27.ApiObjectMetadata", typing.Dict[builtins.str, typing.Any]]] = None,
    ) -> typing.Any:
        '''Renders a Kubernetes manifest for "RayCluster".

        This can be used to inline resource manifests inside other objects (e.g. as templates).

        :param spec: 
        :param metadata: 
        '''
        props = RayClusterProps(spec=spec, metadata=metadata)

        return typing.cast(typing.Any, jsii.sinvoke(cls, "manifest", [props]))

    @jsii.member(jsii_name="toJson")
    def to_json(self) -> typing.Any:
        '''Renders the object to Kubernetes JSON.'''
        return typing.cast(typing.Any, jsii.invoke(self, "toJson", []))

    @jsii.python.classproperty
    @jsii.member(jsii_name="GVK")
    def GVK(cls) -> "_cdk8s_d3d9af27.GroupVersionKind":
        '''Returns the apiVersion and kind for "RayCluster".'''
        return typing.cast("_cdk8s_d3d9af27.GroupVersionKind", jsii.sget(cls, "GVK"))


@jsii.data_type(
    jsii_type="ioray.RayClusterProps",
    jsii_struct_bases=[],
    name_mapping={"spec": "spec", "metadata": "metadata"},
)
class RayClusterProps:
    def __init__(
        self,
        *,
        spec: typing.Union["RayClusterSpec", typing.Dict[builtins.str, typing.Any]],
        metadata: typing.Optional[typing.Union["_cdk8s_d3d9af27.ApiObjectMetadata", typing.Dict[builtins.str, typing.Any]]] = None,
    ) -> None:
        '''A Ray cluster of a head and groups of workers.

        :param spec: 
        :param metadata: 

        :schema: RayCluster
        '''
        if isinstance(spec, dict):
            spec = RayClusterSpec(**spec)
        if isinstance(metadata, dict):
            metadata = _cdk8s_d3d9af27.ApiObjectMetadata(**metadata)
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__abda0019aa0325ed3bfcd71099ffb5f0d7e14033ab44dcd801087acf77c21d09)
            check_type(argname="argument spec", value=spec, expected_type=type_hints["spec"])
            check_type(argname="argument metadata", value=metadata, expected_type=type_hints["metadata"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "spec": spec,
        }
        if metadata is not None:
            self._values["metadata"] = metadata

    @builtins.property
    def spec(self) -> "RayClusterSpec":
        '''
        :schema: RayCluster#spec
        '''
        result = self._values.get("spec")
        assert result is not None, "Required property 'spec' is missing"
        return typing.cast("RayClusterSpec", result)

    @builtins.property
    def metadata(self) -> typing.Optional["_cdk8s_d3d9af27.ApiObjectMetadata"]:
        '''
        :schema: RayCluster#metadata
        '''
        result = self._values.get("metadata")
        return typing.cast(typing.Optional["_cdk8s_d3d9af27.ApiObjectMetadata"], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "RayClusterProps(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="ioray.RayClusterSpec",
    jsii_struct_bases=[],
    name_mapping={
        "head_group_spec": "headGroupSpec",
        "auth_options": "authOptions",
        "autoscaler_options": "autoscalerOptions",
        "enable_in_tree_autoscaling": "enableInTreeAutoscaling",
        "gcs_fault_tolerance_options": "gcsFaultToleranceOptions",
        "head_service_annotations": "headServiceAnnotations",
        "managed_by": "managedBy",
        "ray_version": "rayVersion",
        "suspend": "suspend",
        "worker_group_specs": "workerGroupSpecs",
    },
)
class RayClusterSpec:
    def __init__(
        self,
        *,
        head_group_spec: typing.Union["RayClusterSpecHeadGroupSpec", typing.Dict[builtins.str, typing.Any]],
        auth_options: typing.Optional[typing.Union["RayClusterSpecAuthOptions", typing.Dict[builtins.str, typing.Any]]] = None,
        autoscaler_options: typing.Optional[typing.Union["RayClusterSpecAutoscalerOptions", typing.Dict[builtins.str, typing.Any]]] = None,
        enable_in_tree_autoscaling: typing.Optional[builtins.bool] = None,
        gcs_fault_tolerance_options: typing.Optional[typing.Union["RayClusterSpecGcsFaultToleranceOptions", typing.Dict[builtins.str, typing.Any]]] = None,
        head_service_annotations: typing.Optional[typing.Mapping[builtins.str, builtins.str]] = None,
        managed_by: typing.Optional["RayClusterSpecManagedBy"] = None,
        ray_version: typing.Optional[builtins.str] = None,
        suspend: typing.Optional[builtins.bool] = None,
        worker_group_specs: typing.Optional[typing.Sequence[typing.Union["RayClusterSpecWorkerGroupSpecs", typing.Dict[builtins.str, typing.Any]]]] = None,
    ) -> None:
        '''
        :param head_group_spec: 
        :param auth_options: 
        :param autoscaler_options: 
        :param enable_in_tree_autoscaling: 
        :param gcs_fault_tolerance_options: Where the head keeps its state, so that its restart does not end the cluster.
        :param head_service_annotations: 
        :param managed_by: 
        :param ray_version: 
        :param suspend: 
        :param worker_group_specs: 

        :schema: RayClusterSpec
        '''
        if isinstance(head_group_spec, dict):
            head_group_spec = RayClusterSpecHeadGroupSpec(**head_group_spec)
        if isinstance(auth_options, dict):
            auth_options = RayClusterSpecAuthOptions(**auth_options)
        if isinstance(autoscaler_options, dict):
            autoscaler_options = RayClusterSpecAutoscalerOptions(**autoscaler_options)
        if isinstance(gcs_fault_tolerance_options, dict):
            gcs_fault_tolerance_options = RayClusterSpecGcsFaultToleranceOptions(**gcs_fault_tolerance_options)
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__e7452a44de2c9fe71bf2a63b03ef96f651fd3de8e21f59de2f507e768b279e1b)
            check_type(argname="argument head_group_spec", value=head_group_spec, expected_type=type_hints["head_group_spec"])
            check_type(argname="argument auth_options", value=auth_options, expected_type=type_hints["auth_options"])
            check_type(argname="argument autoscaler_options", value=autoscaler_options, expected_type=type_hints["autoscaler_options"])
            check_type(argname="argument enable_in_tree_autoscaling", value=enable_in_tree_autoscaling, expected_type=type_hints["enable_in_tree_autoscaling"])
            check_type(argname="argument gcs_fault_tolerance_options", value=gcs_fault_tolerance_options, expected_type=type_hints["gcs_fault_tolerance_options"])
            check_type(argname="argument head_service_annotations", value=head_service_annotations, expected_type=type_hints["head_service_annotations"])
            check_type(argname="argument managed_by", value=managed_by, expected_type=type_hints["managed_by"])
            check_type(argname="argument ray_version", value=ray_version, expected_type=type_hints["ray_version"])
            check_type(argname="argument suspend", value=suspend, expected_type=type_hints["suspend"])
            check_type(argname="argument worker_group_specs", value=worker_group_specs, expected_type=type_hints["worker_group_specs"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "head_group_spec": head_group_spec,
        }
        if auth_options is not None:
            self._values["auth_options"] = auth_options
        if autoscaler_options is not None:
            self._values["autoscaler_options"] = autoscaler_options
        if enable_in_tree_autoscaling is not None:
            self._values["enable_in_tree_autoscaling"] = enable_in_tree_autoscaling
        if gcs_fault_tolerance_options is not None:
            self._values["gcs_fault_tolerance_options"] = gcs_fault_tolerance_options
        if head_service_annotations is not None:
            self._values["head_service_annotations"] = head_service_annotations
        if managed_by is not None:
            self._values["managed_by"] = managed_by
        if ray_version is not None:
            self._values["ray_version"] = ray_version
        if suspend is not None:
            self._values["suspend"] = suspend
        if worker_group_specs is not None:
            self._values["worker_group_specs"] = worker_group_specs

    @builtins.property
    def head_group_spec(self) -> "RayClusterSpecHeadGroupSpec":
        '''
        :schema: RayClusterSpec#headGroupSpec
        '''
        result = self._values.get("head_group_spec")
        assert result is not None, "Required property 'head_group_spec' is missing"
        return typing.cast("RayClusterSpecHeadGroupSpec", result)

    @builtins.property
    def auth_options(self) -> typing.Optional["RayClusterSpecAuthOptions"]:
        '''
        :schema: RayClusterSpec#authOptions
        '''
        result = self._values.get("auth_options")
        return typing.cast(typing.Optional["RayClusterSpecAuthOptions"], result)

    @builtins.property
    def autoscaler_options(self) -> typing.Optional["RayClusterSpecAutoscalerOptions"]:
        '''
        :schema: RayClusterSpec#autoscalerOptions
        '''
        result = self._values.get("autoscaler_options")
        return typing.cast(typing.Optional["RayClusterSpecAutoscalerOptions"], result)

    @builtins.property
    def enable_in_tree_autoscaling(self) -> typing.Optional[builtins.bool]:
        '''
        :schema: RayClusterSpec#enableInTreeAutoscaling
        '''
        result = self._values.get("enable_in_tree_autoscaling")
        return typing.cast(typing.Optional[builtins.bool], result)

    @builtins.property
    def gcs_fault_tolerance_options(
        self,
    ) -> typing.Optional["RayClusterSpecGcsFaultToleranceOptions"]:
        '''Where the head keeps its state, so that its restart does not end the cluster.

        :schema: RayClusterSpec#gcsFaultToleranceOptions
        '''
        result = self._values.get("gcs_fault_tolerance_options")
        return typing.cast(typing.Optional["RayClusterSpecGcsFaultToleranceOptions"], result)

    @builtins.property
    def head_service_annotations(
        self,
    ) -> typing.Optional[typing.Mapping[builtins.str, builtins.str]]:
        '''
        :schema: RayClusterSpec#headServiceAnnotations
        '''
        result = self._values.get("head_service_annotations")
        return typing.cast(typing.Optional[typing.Mapping[builtins.str, builtins.str]], result)

    @builtins.property
    def managed_by(self) -> typing.Optional["RayClusterSpecManagedBy"]:
        '''
        :schema: RayClusterSpec#managedBy
        '''
        result = self._values.get("managed_by")
        return typing.cast(typing.Optional["RayClusterSpecManagedBy"], result)

    @builtins.property
    def ray_version(self) -> typing.Optional[builtins.str]:
        '''
        :schema: RayClusterSpec#rayVersion
        '''
        result = self._values.get("ray_version")
        return typing.cast(typing.Optional[builtins.str], result)

    @builtins.property
    def suspend(self) -> typing.Optional[builtins.bool]:
        '''
        :schema: RayClusterSpec#suspend
        '''
        result = self._values.get("suspend")
        return typing.cast(typing.Optional[builtins.bool], result)

    @builtins.property
    def worker_group_specs(
        self,
    ) -> typing.Optional[typing.List["RayClusterSpecWorkerGroupSpecs"]]:
        '''
        :schema: RayClusterSpec#workerGroupSpecs
        '''
        result = self._values.get("worker_group_specs")
        return typing.cast(typing.Optional[typing.List["RayClusterSpecWorkerGroupSpecs"]], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "RayClusterSpec(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="ioray.RayClusterSpecAuthOptions",
    jsii_struct_bases=[],
    name_mapping={
        "enable_k8_s_token_auth": "enableK8STokenAuth",
        "mode": "mode",
        "secret_name": "secretName",
    },
)
class RayClusterSpecAuthOptions:
    def __init__(
        self,
        *,
        enable_k8_s_token_auth: typing.Optional[builtins.bool] = None,
        mode: typing.Optional["RayClusterSpecAuthOptionsMode"] = None,
        secret_name: typing.Optional[builtins.str] = None,
    ) -> None:
        '''
        :param enable_k8_s_token_auth: 
        :param mode: 
        :param secret_name: 

        :schema: RayClusterSpecAuthOptions
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__3e8f1f5bb25a8a2d950f71aad39fb2401448d3d1901ed71ec6799051d81305d6)
            check_type(argname="argument enable_k8_s_token_auth", value=enable_k8_s_token_auth, expected_type=type_hints["enable_k8_s_token_auth"])
            check_type(argname="argument mode", value=mode, expected_type=type_hints["mode"])
            check_type(argname="argument secret_name", value=secret_name, expected_type=type_hints["secret_name"])
        self._values: typing.Dict[builtins.str, typing.Any] = {}
        if enable_k8_s_token_auth is not None:
            self._values["enable_k8_s_token_auth"] = enable_k8_s_token_auth
        if mode is not None:
            self._values["mode"] = mode
        if secret_name is not None:
            self._values["secret_name"] = secret_name

    @builtins.property
    def enable_k8_s_token_auth(self) -> typing.Optional[builtins.bool]:
        '''
        :schema: RayClusterSpecAuthOptions#enableK8sTokenAuth
        '''
        result = self._values.get("enable_k8_s_token_auth")
        return typing.cast(typing.Optional[builtins.bool], result)

    @builtins.property
    def mode(self) -> typing.Optional["RayClusterSpecAuthOptionsMode"]:
        '''
        :schema: RayClusterSpecAuthOptions#mode
        '''
        result = self._values.get("mode")
        return typing.cast(typing.Optional["RayClusterSpecAuthOptionsMode"], result)

    @builtins.property
    def secret_name(self) -> typing.Optional[builtins.str]:
        '''
        :schema: RayClusterSpecAuthOptions#secretName
        '''
        result = self._values.get("secret_name")
        return typing.cast(typing.Optional[builtins.str], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "RayClusterSpecAuthOptions(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.enum(jsii_type="ioray.RayClusterSpecAuthOptionsMode")
class RayClusterSpecAuthOptionsMode(enum.Enum):
    '''
    :schema: RayClusterSpecAuthOptionsMode
    '''

    DISABLED = "DISABLED"
    '''disabled.'''
    TOKEN = "TOKEN"
    '''token.'''


@jsii.data_type(
    jsii_type="ioray.RayClusterSpecAutoscalerOptions",
    jsii_struct_bases=[],
    name_mapping={
        "env": "env",
        "env_from": "envFrom",
        "idle_timeout_seconds": "idleTimeoutSeconds",
        "image": "image",
        "image_pull_policy": "imagePullPolicy",
        "resources": "resources",
        "security_context": "securityContext",
        "upscaling_mode": "upscalingMode",
        "version": "version",
        "volume_mounts": "volumeMounts",
    },
)
class RayClusterSpecAutoscalerOptions:
    def __init__(
        self,
        *,
        env: typing.Optional[typing.Sequence[typing.Any]] = None,
        env_from: typing.Optional[typing.Sequence[typing.Any]] = None,
        idle_timeout_seconds: typing.Optional[jsii.Number] = None,
        image: typing.Optional[builtins.str] = None,
        image_pull_policy: typing.Optional["RayClusterSpecAutoscalerOptionsImagePullPolicy"] = None,
        resources: typing.Any = None,
        security_context: typing.Any = None,
        upscaling_mode: typing.Optional["RayClusterSpecAutoscalerOptionsUpscalingMode"] = None,
        version: typing.Optional["RayClusterSpecAutoscalerOptionsVersion"] = None,
        volume_mounts: typing.Optional[typing.Sequence[typing.Any]] = None,
    ) -> None:
        '''
        :param env: 
        :param env_from: 
        :param idle_timeout_seconds: 
        :param image: 
        :param image_pull_policy: 
        :param resources: 
        :param security_context: 
        :param upscaling_mode: 
        :param version: 
        :param volume_mounts: 

        :schema: RayClusterSpecAutoscalerOptions
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__5eb0bb803d9ba3097811f4c6f6d01228059ad9f60ea7c7325d84b22c673dd37d)
            check_type(argname="argument env", value=env, expected_type=type_hints["env"])
            check_type(argname="argument env_from", value=env_from, expected_type=type_hints["env_from"])
            check_type(argname="argument idle_timeout_seconds", value=idle_timeout_seconds, expected_type=type_hints["idle_timeout_seconds"])
            check_type(argname="argument image", value=image, expected_type=type_hints["image"])
            check_type(argname="argument image_pull_policy", value=image_pull_policy, expected_type=type_hints["image_pull_policy"])
            check_type(argname="argument resources", value=resources, expected_type=type_hints["resources"])
            check_type(argname="argument security_context", value=security_context, expected_type=type_hints["security_context"])
            check_type(argname="argument upscaling_mode", value=upscaling_mode, expected_type=type_hints["upscaling_mode"])
            check_type(argname="argument version", value=version, expected_type=type_hints["version"])
            check_type(argname="argument volume_mounts", value=volume_mounts, expected_type=type_hints["volume_mounts"])
        self._values: typing.Dict[builtins.str, typing.Any] = {}
        if env is not None:
            self._values["env"] = env
        if env_from is not None:
            self._values["env_from"] = env_from
        if idle_timeout_seconds is not None:
            self._values["idle_timeout_seconds"] = idle_timeout_seconds
        if image is not None:
            self._values["image"] = image
        if image_pull_policy is not None:
            self._values["image_pull_policy"] = image_pull_policy
        if resources is not None:
            self._values["resources"] = resources
        if security_context is not None:
            self._values["security_context"] = security_context
        if upscaling_mode is not None:
            self._values["upscaling_mode"] = upscaling_mode
        if version is not None:
            self._values["version"] = version
        if volume_mounts is not None:
            self._values["volume_mounts"] = volume_mounts

    @builtins.property
    def env(self) -> typing.Optional[typing.List[typing.Any]]:
        '''
        :schema: RayClusterSpecAutoscalerOptions#env
        '''
        result = self._values.get("env")
        return typing.cast(typing.Optional[typing.List[typing.Any]], result)

    @builtins.property
    def env_from(self) -> typing.Optional[typing.List[typing.Any]]:
        '''
        :schema: RayClusterSpecAutoscalerOptions#envFrom
        '''
        result = self._values.get("env_from")
        return typing.cast(typing.Optional[typing.List[typing.Any]], result)

    @builtins.property
    def idle_timeout_seconds(self) -> typing.Optional[jsii.Number]:
        '''
        :schema: RayClusterSpecAutoscalerOptions#idleTimeoutSeconds
        '''
        result = self._values.get("idle_timeout_seconds")
        return typing.cast(typing.Optional[jsii.Number], result)

    @builtins.property
    def image(self) -> typing.Optional[builtins.str]:
        '''
        :schema: RayClusterSpecAutoscalerOptions#image
        '''
        result = self._values.get("image")
        return typing.cast(typing.Optional[builtins.str], result)

    @builtins.property
    def image_pull_policy(
        self,
    ) -> typing.Optional["RayClusterSpecAutoscalerOptionsImagePullPolicy"]:
        '''
        :schema: RayClusterSpecAutoscalerOptions#imagePullPolicy
        '''
        result = self._values.get("image_pull_policy")
        return typing.cast(typing.Optional["RayClusterSpecAutoscalerOptionsImagePullPolicy"], result)

    @builtins.property
    def resources(self) -> typing.Any:
        '''
        :schema: RayClusterSpecAutoscalerOptions#resources
        '''
        result = self._values.get("resources")
        return typing.cast(typing.Any, result)

    @builtins.property
    def security_context(self) -> typing.Any:
        '''
        :schema: RayClusterSpecAutoscalerOptions#securityContext
        '''
        result = self._values.get("security_context")
        return typing.cast(typing.Any, result)

    @builtins.property
    def upscaling_mode(
        self,
    ) -> typing.Optional["RayClusterSpecAutoscalerOptionsUpscalingMode"]:
        '''
        :schema: RayClusterSpecAutoscalerOptions#upscalingMode
        '''
        result = self._values.get("upscaling_mode")
        return typing.cast(typing.Optional["RayClusterSpecAutoscalerOptionsUpscalingMode"], result)

    @builtins.property
    def version(self) -> typing.Optional["RayClusterSpecAutoscalerOptionsVersion"]:
        '''
        :schema: RayClusterSpecAutoscalerOptions#version
        '''
        result = self._values.get("version")
        return typing.cast(typing.Optional["RayClusterSpecAutoscalerOptionsVersion"], result)

    @builtins.property
    def volume_mounts(self) -> typing.Optional[typing.List[typing.Any]]:
        '''
        :schema: RayClusterSpecAutoscalerOptions#volumeMounts
        '''
        result = self._values.get("volume_mounts")
        return typing.cast(typing.Optional[typing.List[typing.Any]], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "RayClusterSpecAutoscalerOptions(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.enum(jsii_type="ioray.RayClusterSpecAutoscalerOptionsImagePullPolicy")
class RayClusterSpecAutoscalerOptionsImagePullPolicy(enum.Enum):
    '''
    :schema: RayClusterSpecAutoscalerOptionsImagePullPolicy
    '''

    ALWAYS = "ALWAYS"
    '''Always.'''
    IF_NOT_PRESENT = "IF_NOT_PRESENT"
    '''IfNotPresent.'''
    NEVER = "NEVER"
    '''Never.'''


@jsii.enum(jsii_type="ioray.RayClusterSpecAutoscalerOptionsUpscalingMode")
class RayClusterSpecAutoscalerOptionsUpscalingMode(enum.Enum):
    '''
    :schema: RayClusterSpecAutoscalerOptionsUpscalingMode
    '''

    DEFAULT = "DEFAULT"
    '''Default.'''
    AGGRESSIVE = "AGGRESSIVE"
    '''Aggressive.'''
    CONSERVATIVE = "CONSERVATIVE"
    '''Conservative.'''


@jsii.enum(jsii_type="ioray.RayClusterSpecAutoscalerOptionsVersion")
class RayClusterSpecAutoscalerOptionsVersion(enum.Enum):
    '''
    :schema: RayClusterSpecAutoscalerOptionsVersion
    '''

    V1 = "V1"
    '''v1.'''
    V2 = "V2"
    '''v2.'''


@jsii.data_type(
    jsii_type="ioray.RayClusterSpecGcsFaultToleranceOptions",
    jsii_struct_bases=[],
    name_mapping={
        "redis_address": "redisAddress",
        "external_storage_namespace": "externalStorageNamespace",
        "redis_password": "redisPassword",
        "redis_username": "redisUsername",
    },
)
class RayClusterSpecGcsFaultToleranceOptions:
    def __init__(
        self,
        *,
        redis_address: builtins.str,
        external_storage_namespace: typing.Optional[builtins.str] = None,
        redis_password: typing.Optional[typing.Union["RayClusterSpecGcsFaultToleranceOptionsRedisPassword", typing.Dict[builtins.str, typing.Any]]] = None,
        redis_username: typing.Optional[typing.Union["RayClusterSpecGcsFaultToleranceOptionsRedisUsername", typing.Dict[builtins.str, typing.Any]]] = None,
    ) -> None:
        '''Where the head keeps its state, so that its restart does not end the cluster.

        :param redis_address: 
        :param external_storage_namespace: 
        :param redis_password: 
        :param redis_username: 

        :schema: RayClusterSpecGcsFaultToleranceOptions
        '''
        if isinstance(redis_password, dict):
            redis_password = RayClusterSpecGcsFaultToleranceOptionsRedisPassword(**redis_password)
        if isinstance(redis_username, dict):
            redis_username = RayClusterSpecGcsFaultToleranceOptionsRedisUsername(**redis_username)
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__231ce2ccedd9923cf5a23fcd2b69bda8f4aee5c1ffbf4e5432e3e1d930c6e604)
            check_type(argname="argument redis_address", value=redis_address, expected_type=type_hints["redis_address"])
            check_type(argname="argument external_storage_namespace", value=external_storage_namespace, expected_type=type_hints["external_storage_namespace"])
            check_type(argname="argument redis_password", value=redis_password, expected_type=type_hints["redis_password"])
            check_type(argname="argument redis_username", value=redis_username, expected_type=type_hints["redis_username"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "redis_address": redis_address,
        }
        if external_storage_namespace is not None:
            self._values["external_storage_namespace"] = external_storage_namespace
        if redis_password is not None:
            self._values["redis_password"] = redis_password
        if redis_username is not None:
            self._values["redis_username"] = redis_username

    @builtins.property
    def redis_address(self) -> builtins.str:
        '''
        :schema: RayClusterSpecGcsFaultToleranceOptions#redisAddress
        '''
        result = self._values.get("redis_address")
        assert result is not None, "Required property 'redis_address' is missing"
        return typing.cast(builtins.str, result)

    @builtins.property
    def external_storage_namespace(self) -> typing.Optional[builtins.str]:
        '''
        :schema: RayClusterSpecGcsFaultToleranceOptions#externalStorageNamespace
        '''
        result = self._values.get("external_storage_namespace")
        return typing.cast(typing.Optional[builtins.str], result)

    @builtins.property
    def redis_password(
        self,
    ) -> typing.Optional["RayClusterSpecGcsFaultToleranceOptionsRedisPassword"]:
        '''
        :schema: RayClusterSpecGcsFaultToleranceOptions#redisPassword
        '''
        result = self._values.get("redis_password")
        return typing.cast(typing.Optional["RayClusterSpecGcsFaultToleranceOptionsRedisPassword"], result)

    @builtins.property
    def redis_username(
        self,
    ) -> typing.Optional["RayClusterSpecGcsFaultToleranceOptionsRedisUsername"]:
        '''
        :schema: RayClusterSpecGcsFaultToleranceOptions#redisUsername
        '''
        result = self._values.get("redis_username")
        return typing.cast(typing.Optional["RayClusterSpecGcsFaultToleranceOptionsRedisUsername"], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "RayClusterSpecGcsFaultToleranceOptions(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="ioray.RayClusterSpecGcsFaultToleranceOptionsRedisPassword",
    jsii_struct_bases=[],
    name_mapping={"value": "value", "value_from": "valueFrom"},
)
class RayClusterSpecGcsFaultToleranceOptionsRedisPassword:
    def __init__(
        self,
        *,
        value: typing.Optional[builtins.str] = None,
        value_from: typing.Any = None,
    ) -> None:
        '''
        :param value: 
        :param value_from: 

        :schema: RayClusterSpecGcsFaultToleranceOptionsRedisPassword
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__f400fa3e8a514b863a97fe90a9880f89f8a3fe623d96459633419d7ca75eea1b)
            check_type(argname="argument value", value=value, expected_type=type_hints["value"])
            check_type(argname="argument value_from", value=value_from, expected_type=type_hints["value_from"])
        self._values: typing.Dict[builtins.str, typing.Any] = {}
        if value is not None:
            self._values["value"] = value
        if value_from is not None:
            self._values["value_from"] = value_from

    @builtins.property
    def value(self) -> typing.Optional[builtins.str]:
        '''
        :schema: RayClusterSpecGcsFaultToleranceOptionsRedisPassword#value
        '''
        result = self._values.get("value")
        return typing.cast(typing.Optional[builtins.str], result)

    @builtins.property
    def value_from(self) -> typing.Any:
        '''
        :schema: RayClusterSpecGcsFaultToleranceOptionsRedisPassword#valueFrom
        '''
        result = self._values.get("value_from")
        return typing.cast(typing.Any, result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "RayClusterSpecGcsFaultToleranceOptionsRedisPassword(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="ioray.RayClusterSpecGcsFaultToleranceOptionsRedisUsername",
    jsii_struct_bases=[],
    name_mapping={"value": "value", "value_from": "valueFrom"},
)
class RayClusterSpecGcsFaultToleranceOptionsRedisUsername:
    def __init__(
        self,
        *,
        value: typing.Optional[builtins.str] = None,
        value_from: typing.Any = None,
    ) -> None:
        '''
        :param value: 
        :param value_from: 

        :schema: RayClusterSpecGcsFaultToleranceOptionsRedisUsername
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__8ad3d0d5af2eb9ec38a241ca2609739308a2e4dcc149b100f45cf3297c7160a1)
            check_type(argname="argument value", value=value, expected_type=type_hints["value"])
            check_type(argname="argument value_from", value=value_from, expected_type=type_hints["value_from"])
        self._values: typing.Dict[builtins.str, typing.Any] = {}
        if value is not None:
            self._values["value"] = value
        if value_from is not None:
            self._values["value_from"] = value_from

    @builtins.property
    def value(self) -> typing.Optional[builtins.str]:
        '''
        :schema: RayClusterSpecGcsFaultToleranceOptionsRedisUsername#value
        '''
        result = self._values.get("value")
        return typing.cast(typing.Optional[builtins.str], result)

    @builtins.property
    def value_from(self) -> typing.Any:
        '''
        :schema: RayClusterSpecGcsFaultToleranceOptionsRedisUsername#valueFrom
        '''
        result = self._values.get("value_from")
        return typing.cast(typing.Any, result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "RayClusterSpecGcsFaultToleranceOptionsRedisUsername(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="ioray.RayClusterSpecHeadGroupSpec",
    jsii_struct_bases=[],
    name_mapping={
        "ray_start_params": "rayStartParams",
        "template": "template",
        "enable_ingress": "enableIngress",
        "head_service": "headService",
        "labels": "labels",
        "resources": "resources",
        "service_type": "serviceType",
    },
)
class RayClusterSpecHeadGroupSpec:
    def __init__(
        self,
        *,
        ray_start_params: typing.Mapping[builtins.str, builtins.str],
        template: typing.Any,
        enable_ingress: typing.Optional[builtins.bool] = None,
        head_service: typing.Any = None,
        labels: typing.Optional[typing.Mapping[builtins.str, builtins.str]] = None,
        resources: typing.Optional[typing.Mapping[builtins.str, builtins.str]] = None,
        service_type: typing.Optional["RayClusterSpecHeadGroupSpecServiceType"] = None,
    ) -> None:
        '''
        :param ray_start_params: Options of "ray start", without their dashes.
        :param template: A pod template.
        :param enable_ingress: 
        :param head_service: 
        :param labels: 
        :param resources: What Ray is told that each pod has, instead of what the template says.
        :param service_type: 

        :schema: RayClusterSpecHeadGroupSpec
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__040c0841b72199d83317deef155082f01eae74b20c417069ca344986a774ffc4)
            check_type(argname="argument ray_start_params", value=ray_start_params, expected_type=type_hints["ray_start_params"])
            check_type(argname="argument template", value=template, expected_type=type_hints["template"])
            check_type(argname="argument enable_ingress", value=enable_ingress, expected_type=type_hints["enable_ingress"])
            check_type(argname="argument head_service", value=head_service, expected_type=type_hints["head_service"])
            check_type(argname="argument labels", value=labels, expected_type=type_hints["labels"])
            check_type(argname="argument resources", value=resources, expected_type=type_hints["resources"])
            check_type(argname="argument service_type", value=service_type, expected_type=type_hints["service_type"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "ray_start_params": ray_start_params,
            "template": template,
        }
        if enable_ingress is not None:
            self._values["enable_ingress"] = enable_ingress
        if head_service is not None:
            self._values["head_service"] = head_service
        if labels is not None:
            self._values["labels"] = labels
        if resources is not None:
            self._values["resources"] = resources
        if service_type is not None:
            self._values["service_type"] = service_type

    @builtins.property
    def ray_start_params(self) -> typing.Mapping[builtins.str, builtins.str]:
        '''Options of "ray start", without their dashes.

        :schema: RayClusterSpecHeadGroupSpec#rayStartParams
        '''
        result = self._values.get("ray_start_params")
        assert result is not None, "Required property 'ray_start_params' is missing"
        return typing.cast(typing.Mapping[builtins.str, builtins.str], result)

    @builtins.property
    def template(self) -> typing.Any:
        '''A pod template.

        :schema: RayClusterSpecHeadGroupSpec#template
        '''
        result = self._values.get("template")
        assert result is not None, "Required property 'template' is missing"
        return typing.cast(typing.Any, result)

    @builtins.property
    def enable_ingress(self) -> typing.Optional[builtins.bool]:
        '''
        :schema: RayClusterSpecHeadGroupSpec#enableIngress
        '''
        result = self._values.get("enable_ingress")
        return typing.cast(typing.Optional[builtins.bool], result)

    @builtins.property
    def head_service(self) -> typing.Any:
        '''
        :schema: RayClusterSpecHeadGroupSpec#headService
        '''
        result = self._values.get("head_service")
        return typing.cast(typing.Any, result)

    @builtins.property
    def labels(self) -> typing.Optional[typing.Mapping[builtins.str, builtins.str]]:
        '''
        :schema: RayClusterSpecHeadGroupSpec#labels
        '''
        result = self._values.get("labels")
        return typing.cast(typing.Optional[typing.Mapping[builtins.str, builtins.str]], result)

    @builtins.property
    def resources(self) -> typing.Optional[typing.Mapping[builtins.str, builtins.str]]:
        '''What Ray is told that each pod has, instead of what the template says.

        :schema: RayClusterSpecHeadGroupSpec#resources
        '''
        result = self._values.get("resources")
        return typing.cast(typing.Optional[typing.Mapping[builtins.str, builtins.str]], result)

    @builtins.property
    def service_type(self) -> typing.Optional["RayClusterSpecHeadGroupSpecServiceType"]:
        '''
        :schema: RayClusterSpecHeadGroupSpec#serviceType
        '''
        result = self._values.get("service_type")
        return typing.cast(typing.Optional["RayClusterSpecHeadGroupSpecServiceType"], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "RayClusterSpecHeadGroupSpec(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.enum(jsii_type="ioray.RayClusterSpecHeadGroupSpecServiceType")
class RayClusterSpecHeadGroupSpecServiceType(enum.Enum):
    '''
    :schema: RayClusterSpecHeadGroupSpecServiceType
    '''

    CLUSTER_IP = "CLUSTER_IP"
    '''ClusterIP.'''
    NODE_PORT = "NODE_PORT"
    '''NodePort.'''
    LOAD_BALANCER = "LOAD_BALANCER"
    '''LoadBalancer.'''


@jsii.enum(jsii_type="ioray.RayClusterSpecManagedBy")
class RayClusterSpecManagedBy(enum.Enum):
    '''
    :schema: RayClusterSpecManagedBy
    '''

    RAY_PERIOD_IO_FORWARD_SLASH_KUBERAY_HYPHEN_OPERATOR = "RAY_PERIOD_IO_FORWARD_SLASH_KUBERAY_HYPHEN_OPERATOR"
    '''ray.io/kuberay-operator.'''
    KUEUE_PERIOD_X_HYPHEN_K8S_PERIOD_IO_FORWARD_SLASH_MULTIKUEUE = "KUEUE_PERIOD_X_HYPHEN_K8S_PERIOD_IO_FORWARD_SLASH_MULTIKUEUE"
    '''kueue.x-k8s.io/multikueue.'''


@jsii.data_type(
    jsii_type="ioray.RayClusterSpecWorkerGroupSpecs",
    jsii_struct_bases=[],
    name_mapping={
        "group_name": "groupName",
        "ray_start_params": "rayStartParams",
        "template": "template",
        "idle_timeout_seconds": "idleTimeoutSeconds",
        "labels": "labels",
        "max_replicas": "maxReplicas",
        "min_replicas": "minReplicas",
        "num_of_hosts": "numOfHosts",
        "replicas": "replicas",
        "resources": "resources",
        "scale_strategy": "scaleStrategy",
        "suspend": "suspend",
    },
)
class RayClusterSpecWorkerGroupSpecs:
    def __init__(
        self,
        *,
        group_name: builtins.str,
        ray_start_params: typing.Mapping[builtins.str, builtins.str],
        template: typing.Any,
        idle_timeout_seconds: typing.Optional[jsii.Number] = None,
        labels: typing.Optional[typing.Mapping[builtins.str, builtins.str]] = None,
        max_replicas: typing.Optional[jsii.Number] = None,
        min_replicas: typing.Optional[jsii.Number] = None,
        num_of_hosts: typing.Optional[jsii.Number] = None,
        replicas: typing.Optional[jsii.Number] = None,
        resources: typing.Optional[typing.Mapping[builtins.str, builtins.str]] = None,
        scale_strategy: typing.Optional[typing.Union["RayClusterSpecWorkerGroupSpecsScaleStrategy", typing.Dict[builtins.str, typing.Any]]] = None,
        suspend: typing.Optional[builtins.bool] = None,
    ) -> None:
        '''
        :param group_name: 
        :param ray_start_params: Options of "ray start", without their dashes.
        :param template: A pod template.
        :param idle_timeout_seconds: 
        :param labels: 
        :param max_replicas: 
        :param min_replicas: 
        :param num_of_hosts: Pods in each replica. Default: 1.
        :param replicas: 
        :param resources: What Ray is told that each pod has, instead of what the template says.
        :param scale_strategy: 
        :param suspend: 

        :schema: RayClusterSpecWorkerGroupSpecs
        '''
        if isinstance(scale_strategy, dict):
            scale_strategy = RayClusterSpecWorkerGroupSpecsScaleStrategy(**scale_strategy)
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__a774817c0121e8557381b155451677f3304170aee62e7c283bcb7ea5e9846f09)
            check_type(argname="argument group_name", value=group_name, expected_type=type_hints["group_name"])
            check_type(argname="argument ray_start_params", value=ray_start_params, expected_type=type_hints["ray_start_params"])
            check_type(argname="argument template", value=template, expected_type=type_hints["template"])
            check_type(argname="argument idle_timeout_seconds", value=idle_timeout_seconds, expected_type=type_hints["idle_timeout_seconds"])
            check_type(argname="argument labels", value=labels, expected_type=type_hints["labels"])
            check_type(argname="argument max_replicas", value=max_replicas, expected_type=type_hints["max_replicas"])
            check_type(argname="argument min_replicas", value=min_replicas, expected_type=type_hints["min_replicas"])
            check_type(argname="argument num_of_hosts", value=num_of_hosts, expected_type=type_hints["num_of_hosts"])
            check_type(argname="argument replicas", value=replicas, expected_type=type_hints["replicas"])
            check_type(argname="argument resources", value=resources, expected_type=type_hints["resources"])
            check_type(argname="argument scale_strategy", value=scale_strategy, expected_type=type_hints["scale_strategy"])
            check_type(argname="argument suspend", value=suspend, expected_type=type_hints["suspend"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "group_name": group_name,
            "ray_start_params": ray_start_params,
            "template": template,
        }
        if idle_timeout_seconds is not None:
            self._values["idle_timeout_seconds"] = idle_timeout_seconds
        if labels is not None:
            self._values["labels"] = labels
        if max_replicas is not None:
            self._values["max_replicas"] = max_replicas
        if min_replicas is not None:
            self._values["min_replicas"] = min_replicas
        if num_of_hosts is not None:
            self._values["num_of_hosts"] = num_of_hosts
        if replicas is not None:
            self._values["replicas"] = replicas
        if resources is not None:
            self._values["resources"] = resources
        if scale_strategy is not None:
            self._values["scale_strategy"] = scale_strategy
        if suspend is not None:
            self._values["suspend"] = suspend

    @builtins.property
    def group_name(self) -> builtins.str:
        '''
        :schema: RayClusterSpecWorkerGroupSpecs#groupName
        '''
        result = self._values.get("group_name")
        assert result is not None, "Required property 'group_name' is missing"
        return typing.cast(builtins.str, result)

    @builtins.property
    def ray_start_params(self) -> typing.Mapping[builtins.str, builtins.str]:
        '''Options of "ray start", without their dashes.

        :schema: RayClusterSpecWorkerGroupSpecs#rayStartParams
        '''
        result = self._values.get("ray_start_params")
        assert result is not None, "Required property 'ray_start_params' is missing"
        return typing.cast(typing.Mapping[builtins.str, builtins.str], result)

    @builtins.property
    def template(self) -> typing.Any:
        '''A pod template.

        :schema: RayClusterSpecWorkerGroupSpecs#template
        '''
        result = self._values.get("template")
        assert result is not None, "Required property 'template' is missing"
        return typing.cast(typing.Any, result)

    @builtins.property
    def idle_timeout_seconds(self) -> typing.Optional[jsii.Number]:
        '''
        :schema: RayClusterSpecWorkerGroupSpecs#idleTimeoutSeconds
        '''
        result = self._values.get("idle_timeout_seconds")
        return typing.cast(typing.Optional[jsii.Number], result)

    @builtins.property
    def labels(self) -> typing.Optional[typing.Mapping[builtins.str, builtins.str]]:
        '''
        :schema: RayClusterSpecWorkerGroupSpecs#labels
        '''
        result = self._values.get("labels")
        return typing.cast(typing.Optional[typing.Mapping[builtins.str, builtins.str]], result)

    @builtins.property
    def max_replicas(self) -> typing.Optional[jsii.Number]:
        '''
        :schema: RayClusterSpecWorkerGroupSpecs#maxReplicas
        '''
        result = self._values.get("max_replicas")
        return typing.cast(typing.Optional[jsii.Number], result)

    @builtins.property
    def min_replicas(self) -> typing.Optional[jsii.Number]:
        '''
        :schema: RayClusterSpecWorkerGroupSpecs#minReplicas
        '''
        result = self._values.get("min_replicas")
        return typing.cast(typing.Optional[jsii.Number], result)

    @builtins.property
    def num_of_hosts(self) -> typing.Optional[jsii.Number]:
        '''Pods in each replica.

        Default: 1.

        :schema: RayClusterSpecWorkerGroupSpecs#numOfHosts
        '''
        result = self._values.get("num_of_hosts")
        return typing.cast(typing.Optional[jsii.Number], result)

    @builtins.property
    def replicas(self) -> typing.Optional[jsii.Number]:
        '''
        :schema: RayClusterSpecWorkerGroupSpecs#replicas
        '''
        result = self._values.get("replicas")
        return typing.cast(typing.Optional[jsii.Number], result)

    @builtins.property
    def resources(self) -> typing.Optional[typing.Mapping[builtins.str, builtins.str]]:
        '''What Ray is told that each pod has, instead of what the template says.

        :schema: RayClusterSpecWorkerGroupSpecs#resources
        '''
        result = self._values.get("resources")
        return typing.cast(typing.Optional[typing.Mapping[builtins.str, builtins.str]], result)

    @builtins.property
    def scale_strategy(
        self,
    ) -> typing.Optional["RayClusterSpecWorkerGroupSpecsScaleStrategy"]:
        '''
        :schema: RayClusterSpecWorkerGroupSpecs#scaleStrategy
        '''
        result = self._values.get("scale_strategy")
        return typing.cast(typing.Optional["RayClusterSpecWorkerGroupSpecsScaleStrategy"], result)

    @builtins.property
    def suspend(self) -> typing.Optional[builtins.bool]:
        '''
        :schema: RayClusterSpecWorkerGroupSpecs#suspend
        '''
        result = self._values.get("suspend")
        return typing.cast(typing.Optional[builtins.bool], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "RayClusterSpecWorkerGroupSpecs(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="ioray.RayClusterSpecWorkerGroupSpecsScaleStrategy",
    jsii_struct_bases=[],
    name_mapping={"workers_to_delete": "workersToDelete"},
)
class RayClusterSpecWorkerGroupSpecsScaleStrategy:
    def __init__(
        self,
        *,
        workers_to_delete: typing.Optional[typing.Sequence[builtins.str]] = None,
    ) -> None:
        '''
        :param workers_to_delete: 

        :schema: RayClusterSpecWorkerGroupSpecsScaleStrategy
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__01fbdd8aff8b3418f497e4d088cd949816e82138af674d09603b3dcc13c591dd)
            check_type(argname="argument workers_to_delete", value=workers_to_delete, expected_type=type_hints["workers_to_delete"])
        self._values: typing.Dict[builtins.str, typing.Any] = {}
        if workers_to_delete is not None:
            self._values["workers_to_delete"] = workers_to_delete

    @builtins.property
    def workers_to_delete(self) -> typing.Optional[typing.List[builtins.str]]:
        '''
        :schema: RayClusterSpecWorkerGroupSpecsScaleStrategy#workersToDelete
        '''
        result = self._values.get("workers_to_delete")
        return typing.cast(typing.Optional[typing.List[builtins.str]], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "RayClusterSpecWorkerGroupSpecsScaleStrategy(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


class RayService(
    _cdk8s_d3d9af27.ApiObject,
    metaclass=jsii.JSIIMeta,
    jsii_type="ioray.RayService",
):
    '''Ray Serve applications on a Ray cluster of their own, upgraded without downtime.

    :schema: RayService
    '''

    def __init__(
        self,
        scope: "_constructs_77d1e7e8.Construct",
        id: builtins.str,
        *,
        spec: typing.Union["RayServiceSpec", typing.Dict[builtins.str, typing.Any]],
        metadata: typing.Optional[typing.Union["_cdk8s_d3d9af27.ApiObjectMetadata", typing.Dict[builtins.str, typing.Any]]] = None,
    ) -> None:
        '''Defines a "RayService" API object.

        :param scope: the scope in which to define this object.
        :param id: a scope-local name for the object.
        :param spec: 
        :param metadata: 
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__b0e02d2a5630c493d0103d90d0e18f0ba4a6ed262f0626e4e91bef071a6d1c58)
            check_type(argname="argument scope", value=scope, expected_type=type_hints["scope"])
            check_type(argname="argument id", value=id, expected_type=type_hints["id"])
        props = RayServiceProps(spec=spec, metadata=metadata)

        jsii.create(self.__class__, self, [scope, id, props])

    @jsii.member(jsii_name="manifest")
    @builtins.classmethod
    def manifest(
        cls,
        *,
        spec: typing.Union["RayServiceSpec", typing.Dict[builtins.str, typing.Any]],
        metadata: typing.Optional[typing.Union["_cdk8s_d3d9af27.ApiObjectMetadata", typing.Dict[builtins.str, typing.Any]]] = None,
    ) -> typing.Any:
        '''Renders a Kubernetes manifest for "RayService".

        This can be used to inline resource manifests inside other objects (e.g. as templates).

        :param spec: 
        :param metadata: 
        '''
        props = RayServiceProps(spec=spec, metadata=metadata)

        return typing.cast(typing.Any, jsii.sinvoke(cls, "manifest", [props]))

    @jsii.member(jsii_name="toJson")
    def to_json(self) -> typing.Any:
        '''Renders the object to Kubernetes JSON.'''
        return typing.cast(typing.Any, jsii.invoke(self, "toJson", []))

    @jsii.python.classproperty
    @jsii.member(jsii_name="GVK")
    def GVK(cls) -> "_cdk8s_d3d9af27.GroupVersionKind":
        '''Returns the apiVersion and kind for "RayService".'''
        return typing.cast("_cdk8s_d3d9af27.GroupVersionKind", jsii.sget(cls, "GVK"))


@jsii.data_type(
    jsii_type="ioray.RayServiceProps",
    jsii_struct_bases=[],
    name_mapping={"spec": "spec", "metadata": "metadata"},
)
class RayServiceProps:
    def __init__(
        self,
        *,
        spec: typing.Union["RayServiceSpec", typing.Dict[builtins.str, typing.Any]],
        metadata: typing.Optional[typing.Union["_cdk8s_d3d9af27.ApiObjectMetadata", typing.Dict[builtins.str, typing.Any]]] = None,
    ) -> None:
        '''Ray Serve applications on a Ray cluster of their own, upgraded without downtime.

        :param spec: 
        :param metadata: 

        :schema: RayService
        '''
        if isinstance(spec, dict):
            spec = RayServiceSpec(**spec)
        if isinstance(metadata, dict):
            metadata = _cdk8s_d3d9af27.ApiObjectMetadata(**metadata)
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__f60baaa89a5e493e808db3b4805adf1e9b1ca0b54cf5c9d8ea9574dcfc604422)
            check_type(argname="argument spec", value=spec, expected_type=type_hints["spec"])
            check_type(argname="argument metadata", value=metadata, expected_type=type_hints["metadata"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "spec": spec,
        }
        if metadata is not None:
            self._values["metadata"] = metadata

    @builtins.property
    def spec(self) -> "RayServiceSpec":
        '''
        :schema: RayService#spec
        '''
        result = self._values.get("spec")
        assert result is not None, "Required property 'spec' is missing"
        return typing.cast("RayServiceSpec", result)

    @builtins.property
    def metadata(self) -> typing.Optional["_cdk8s_d3d9af27.ApiObjectMetadata"]:
        '''
        :schema: RayService#metadata
        '''
        result = self._values.get("metadata")
        return typing.cast(typing.Optional["_cdk8s_d3d9af27.ApiObjectMetadata"], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "RayServiceProps(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="ioray.RayServiceSpec",
    jsii_struct_bases=[],
    name_mapping={
        "ray_cluster_config": "rayClusterConfig",
        "exclude_head_pod_from_serve_svc": "excludeHeadPodFromServeSvc",
        "ray_cluster_deletion_delay_seconds": "rayClusterDeletionDelaySeconds",
        "serve_config_v2": "serveConfigV2",
        "serve_service": "serveService",
        "upgrade_strategy": "upgradeStrategy",
    },
)
class RayServiceSpec:
    def __init__(
        self,
        *,
        ray_cluster_config: typing.Union["RayServiceSpecRayClusterConfig", typing.Dict[builtins.str, typing.Any]],
        exclude_head_pod_from_serve_svc: typing.Optional[builtins.bool] = None,
        ray_cluster_deletion_delay_seconds: typing.Optional[jsii.Number] = None,
        serve_config_v2: typing.Optional[builtins.str] = None,
        serve_service: typing.Any = None,
        upgrade_strategy: typing.Optional[typing.Union["RayServiceSpecUpgradeStrategy", typing.Dict[builtins.str, typing.Any]]] = None,
    ) -> None:
        '''
        :param ray_cluster_config: 
        :param exclude_head_pod_from_serve_svc: 
        :param ray_cluster_deletion_delay_seconds: 
        :param serve_config_v2: Ray Serve's configuration, itself YAML.
        :param serve_service: 
        :param upgrade_strategy: 

        :schema: RayServiceSpec
        '''
        if isinstance(ray_cluster_config, dict):
            ray_cluster_config = RayServiceSpecRayClusterConfig(**ray_cluster_config)
        if isinstance(upgrade_strategy, dict):
            upgrade_strategy = RayServiceSpecUpgradeStrategy(**upgrade_strategy)
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__4861dcf956835cc929df346181deae53e5160609a3a8f51d9c4f67281d0dec6a)
            check_type(argname="argument ray_cluster_config", value=ray_cluster_config, expected_type=type_hints["ray_cluster_config"])
            check_type(argname="argument exclude_head_pod_from_serve_svc", value=exclude_head_pod_from_serve_svc, expected_type=type_hints["exclude_head_pod_from_serve_svc"])
            check_type(argname="argument ray_cluster_deletion_delay_seconds", value=ray_cluster_deletion_delay_seconds, expected_type=type_hints["ray_cluster_deletion_delay_seconds"])
            check_type(argname="argument serve_config_v2", value=serve_config_v2, expected_type=type_hints["serve_config_v2"])
            check_type(argname="argument serve_service", value=serve_service, expected_type=type_hints["serve_service"])
            check_type(argname="argument upgrade_strategy", value=upgrade_strategy, expected_type=type_hints["upgrade_strategy"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "ray_cluster_config": ray_cluster_config,
        }
        if exclude_head_pod_from_serve_svc is not None:
            self._values["exclude_head_pod_from_serve_svc"] = exclude_head_pod_from_serve_svc
        if ray_cluster_deletion_delay_seconds is not None:
            self._values["ray_cluster_deletion_delay_seconds"] = ray_cluster_deletion_delay_seconds
        if serve_config_v2 is not None:
            self._values["serve_config_v2"] = serve_config_v2
        if serve_service is not None:
            self._values["serve_service"] = serve_service
        if upgrade_strategy is not None:
            self._values["upgrade_strategy"] = upgrade_strategy

    @builtins.property
    def ray_cluster_config(self) -> "RayServiceSpecRayClusterConfig":
        '''
        :schema: RayServiceSpec#rayClusterConfig
        '''
        result = self._values.get("ray_cluster_config")
        assert result is not None, "Required property 'ray_cluster_config' is missing"
        return typing.cast("RayServiceSpecRayClusterConfig", result)

    @builtins.property
    def exclude_head_pod_from_serve_svc(self) -> typing.Optional[builtins.bool]:
        '''
        :schema: RayServiceSpec#excludeHeadPodFromServeSvc
        '''
        result = self._values.get("exclude_head_pod_from_serve_svc")
        return typing.cast(typing.Optional[builtins.bool], result)

    @builtins.property
    def ray_cluster_deletion_delay_seconds(self) -> typing.Optional[jsii.Number]:
        '''
        :schema: RayServiceSpec#rayClusterDeletionDelaySeconds
        '''
        result = self._values.get("ray_cluster_deletion_delay_seconds")
        return typing.cast(typing.Optional[jsii.Number], result)

    @builtins.property
    def serve_config_v2(self) -> typing.Optional[builtins.str]:
        '''Ray Serve's configuration, itself YAML.

        :schema: RayServiceSpec#serveConfigV2
        '''
        result = self._values.get("serve_config_v2")
        return typing.cast(typing.Optional[builtins.str], result)

    @builtins.property
    def serve_service(self) -> typing.Any:
        '''
        :schema: RayServiceSpec#serveService
        '''
        result = self._values.get("serve_service")
        return typing.cast(typing.Any, result)

    @builtins.property
    def upgrade_strategy(self) -> typing.Optional["RayServiceSpecUpgradeStrategy"]:
        '''
        :schema: RayServiceSpec#upgradeStrategy
        '''
        result = self._values.get("upgrade_strategy")
        return typing.cast(typing.Optional["RayServiceSpecUpgradeStrategy"], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "RayServiceSpec(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="ioray.RayServiceSpecRayClusterConfig",
    jsii_struct_bases=[],
    name_mapping={
        "head_group_spec": "headGroupSpec",
        "auth_options": "authOptions",
        "autoscaler_options": "autoscalerOptions",
        "enable_in_tree_autoscaling": "enableInTreeAutoscaling",
        "gcs_fault_tolerance_options": "gcsFaultToleranceOptions",
        "head_service_annotations": "headServiceAnnotations",
        "managed_by": "managedBy",
        "ray_version": "rayVersion",
        "suspend": "suspend",
        "worker_group_specs": "workerGroupSpecs",
    },
)
class RayServiceSpecRayClusterConfig:
    def __init__(
        self,
        *,
        head_group_spec: typing.Union["RayServiceSpecRayClusterConfigHeadGroupSpec", typing.Dict[builtins.str, typing.Any]],
        auth_options: typing.Optional[typing.Union["RayServiceSpecRayClusterConfigAuthOptions", typing.Dict[builtins.str, typing.Any]]] = None,
        autoscaler_options: typing.Optional[typing.Union["RayServiceSpecRayClusterConfigAutoscalerOptions", typing.Dict[builtins.str, typing.Any]]] = None,
        enable_in_tree_autoscaling: typing.Optional[builtins.bool] = None,
        gcs_fault_tolerance_options: typing.Optional[typing.Union["RayServiceSpecRayClusterConfigGcsFaultToleranceOptions", typing.Dict[builtins.str, typing.Any]]] = None,
        head_service_annotations: typing.Optional[typing.Mapping[builtins.str, builtins.str]] = None,
        managed_by: typing.Optional["RayServiceSpecRayClusterConfigManagedBy"] = None,
        ray_version: typing.Optional[builtins.str] = None,
        suspend: typing.Optional[builtins.bool] = None,
        worker_group_specs: typing.Optional[typing.Sequence[typing.Union["RayServiceSpecRayClusterConfigWorkerGroupSpecs", typing.Dict[builtins.str, typing.Any]]]] = None,
    ) -> None:
        '''
        :param head_group_spec: 
        :param auth_options: 
        :param autoscaler_options: 
        :param enable_in_tree_autoscaling: 
        :param gcs_fault_tolerance_options: Where the head keeps its state, so that its restart does not end the cluster.
        :param head_service_annotations: 
        :param managed_by: 
        :param ray_version: 
        :param suspend: 
        :param worker_group_specs: 

        :schema: RayServiceSpecRayClusterConfig
        '''
        if isinstance(head_group_spec, dict):
            head_group_spec = RayServiceSpecRayClusterConfigHeadGroupSpec(**head_group_spec)
        if isinstance(auth_options, dict):
            auth_options = RayServiceSpecRayClusterConfigAuthOptions(**auth_options)
        if isinstance(autoscaler_options, dict):
            autoscaler_options = RayServiceSpecRayClusterConfigAutoscalerOptions(**autoscaler_options)
        if isinstance(gcs_fault_tolerance_options, dict):
            gcs_fault_tolerance_options = RayServiceSpecRayClusterConfigGcsFaultToleranceOptions(**gcs_fault_tolerance_options)
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__938f9b1c2a6e48d8e12fe92f6438b08d3abf950c01550b2b6a6456ae0e7bdaa2)
            check_type(argname="argument head_group_spec", value=head_group_spec, expected_type=type_hints["head_group_spec"])
            check_type(argname="argument auth_options", value=auth_options, expected_type=type_hints["auth_options"])
            check_type(argname="argument autoscaler_options", value=autoscaler_options, expected_type=type_hints["autoscaler_options"])
            check_type(argname="argument enable_in_tree_autoscaling", value=enable_in_tree_autoscaling, expected_type=type_hints["enable_in_tree_autoscaling"])
            check_type(argname="argument gcs_fault_tolerance_options", value=gcs_fault_tolerance_options, expected_type=type_hints["gcs_fault_tolerance_options"])
            check_type(argname="argument head_service_annotations", value=head_service_annotations, expected_type=type_hints["head_service_annotations"])
            check_type(argname="argument managed_by", value=managed_by, expected_type=type_hints["managed_by"])
            check_type(argname="argument ray_version", value=ray_version, expected_type=type_hints["ray_version"])
            check_type(argname="argument suspend", value=suspend, expected_type=type_hints["suspend"])
            check_type(argname="argument worker_group_specs", value=worker_group_specs, expected_type=type_hints["worker_group_specs"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "head_group_spec": head_group_spec,
        }
        if auth_options is not None:
            self._values["auth_options"] = auth_options
        if autoscaler_options is not None:
            self._values["autoscaler_options"] = autoscaler_options
        if enable_in_tree_autoscaling is not None:
            self._values["enable_in_tree_autoscaling"] = enable_in_tree_autoscaling
        if gcs_fault_tolerance_options is not None:
            self._values["gcs_fault_tolerance_options"] = gcs_fault_tolerance_options
        if head_service_annotations is not None:
            self._values["head_service_annotations"] = head_service_annotations
        if managed_by is not None:
            self._values["managed_by"] = managed_by
        if ray_version is not None:
            self._values["ray_version"] = ray_version
        if suspend is not None:
            self._values["suspend"] = suspend
        if worker_group_specs is not None:
            self._values["worker_group_specs"] = worker_group_specs

    @builtins.property
    def head_group_spec(self) -> "RayServiceSpecRayClusterConfigHeadGroupSpec":
        '''
        :schema: RayServiceSpecRayClusterConfig#headGroupSpec
        '''
        result = self._values.get("head_group_spec")
        assert result is not None, "Required property 'head_group_spec' is missing"
        return typing.cast("RayServiceSpecRayClusterConfigHeadGroupSpec", result)

    @builtins.property
    def auth_options(
        self,
    ) -> typing.Optional["RayServiceSpecRayClusterConfigAuthOptions"]:
        '''
        :schema: RayServiceSpecRayClusterConfig#authOptions
        '''
        result = self._values.get("auth_options")
        return typing.cast(typing.Optional["RayServiceSpecRayClusterConfigAuthOptions"], result)

    @builtins.property
    def autoscaler_options(
        self,
    ) -> typing.Optional["RayServiceSpecRayClusterConfigAutoscalerOptions"]:
        '''
        :schema: RayServiceSpecRayClusterConfig#autoscalerOptions
        '''
        result = self._values.get("autoscaler_options")
        return typing.cast(typing.Optional["RayServiceSpecRayClusterConfigAutoscalerOptions"], result)

    @builtins.property
    def enable_in_tree_autoscaling(self) -> typing.Optional[builtins.bool]:
        '''
        :schema: RayServiceSpecRayClusterConfig#enableInTreeAutoscaling
        '''
        result = self._values.get("enable_in_tree_autoscaling")
        return typing.cast(typing.Optional[builtins.bool], result)

    @builtins.property
    def gcs_fault_tolerance_options(
        self,
    ) -> typing.Optional["RayServiceSpecRayClusterConfigGcsFaultToleranceOptions"]:
        '''Where the head keeps its state, so that its restart does not end the cluster.

        :schema: RayServiceSpecRayClusterConfig#gcsFaultToleranceOptions
        '''
        result = self._values.get("gcs_fault_tolerance_options")
        return typing.cast(typing.Optional["RayServiceSpecRayClusterConfigGcsFaultToleranceOptions"], result)

    @builtins.property
    def head_service_annotations(
        self,
    ) -> typing.Optional[typing.Mapping[builtins.str, builtins.str]]:
        '''
        :schema: RayServiceSpecRayClusterConfig#headServiceAnnotations
        '''
        result = self._values.get("head_service_annotations")
        return typing.cast(typing.Optional[typing.Mapping[builtins.str, builtins.str]], result)

    @builtins.property
    def managed_by(self) -> typing.Optional["RayServiceSpecRayClusterConfigManagedBy"]:
        '''
        :schema: RayServiceSpecRayClusterConfig#managedBy
        '''
        result = self._values.get("managed_by")
        return typing.cast(typing.Optional["RayServiceSpecRayClusterConfigManagedBy"], result)

    @builtins.property
    def ray_version(self) -> typing.Optional[builtins.str]:
        '''
        :schema: RayServiceSpecRayClusterConfig#rayVersion
        '''
        result = self._values.get("ray_version")
        return typing.cast(typing.Optional[builtins.str], result)

    @builtins.property
    def suspend(self) -> typing.Optional[builtins.bool]:
        '''
        :schema: RayServiceSpecRayClusterConfig#suspend
        '''
        result = self._values.get("suspend")
        return typing.cast(typing.Optional[builtins.bool], result)

    @builtins.property
    def worker_group_specs(
        self,
    ) -> typing.Optional[typing.List["RayServiceSpecRayClusterConfigWorkerGroupSpecs"]]:
        '''
        :schema: RayServiceSpecRayClusterConfig#workerGroupSpecs
        '''
        result = self._values.get("worker_group_specs")
        return typing.cast(typing.Optional[typing.List["RayServiceSpecRayClusterConfigWorkerGroupSpecs"]], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "RayServiceSpecRayClusterConfig(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="ioray.RayServiceSpecRayClusterConfigAuthOptions",
    jsii_struct_bases=[],
    name_mapping={
        "enable_k8_s_token_auth": "enableK8STokenAuth",
        "mode": "mode",
        "secret_name": "secretName",
    },
)
class RayServiceSpecRayClusterConfigAuthOptions:
    def __init__(
        self,
        *,
        enable_k8_s_token_auth: typing.Optional[builtins.bool] = None,
        mode: typing.Optional["RayServiceSpecRayClusterConfigAuthOptionsMode"] = None,
        secret_name: typing.Optional[builtins.str] = None,
    ) -> None:
        '''
        :param enable_k8_s_token_auth: 
        :param mode: 
        :param secret_name: 

        :schema: RayServiceSpecRayClusterConfigAuthOptions
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__877f97443402672f1d6e4234b3eb738941b66594d5f7993770cd4defe115938a)
            check_type(argname="argument enable_k8_s_token_auth", value=enable_k8_s_token_auth, expected_type=type_hints["enable_k8_s_token_auth"])
            check_type(argname="argument mode", value=mode, expected_type=type_hints["mode"])
            check_type(argname="argument secret_name", value=secret_name, expected_type=type_hints["secret_name"])
        self._values: typing.Dict[builtins.str, typing.Any] = {}
        if enable_k8_s_token_auth is not None:
            self._values["enable_k8_s_token_auth"] = enable_k8_s_token_auth
        if mode is not None:
            self._values["mode"] = mode
        if secret_name is not None:
            self._values["secret_name"] = secret_name

    @builtins.property
    def enable_k8_s_token_auth(self) -> typing.Optional[builtins.bool]:
        '''
        :schema: RayServiceSpecRayClusterConfigAuthOptions#enableK8sTokenAuth
        '''
        result = self._values.get("enable_k8_s_token_auth")
        return typing.cast(typing.Optional[builtins.bool], result)

    @builtins.property
    def mode(self) -> typing.Optional["RayServiceSpecRayClusterConfigAuthOptionsMode"]:
        '''
        :schema: RayServiceSpecRayClusterConfigAuthOptions#mode
        '''
        result = self._values.get("mode")
        return typing.cast(typing.Optional["RayServiceSpecRayClusterConfigAuthOptionsMode"], result)

    @builtins.property
    def secret_name(self) -> typing.Optional[builtins.str]:
        '''
        :schema: RayServiceSpecRayClusterConfigAuthOptions#secretName
        '''
        result = self._values.get("secret_name")
        return typing.cast(typing.Optional[builtins.str], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "RayServiceSpecRayClusterConfigAuthOptions(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.enum(jsii_type="ioray.RayServiceSpecRayClusterConfigAuthOptionsMode")
class RayServiceSpecRayClusterConfigAuthOptionsMode(enum.Enum):
    '''
    :schema: RayServiceSpecRayClusterConfigAuthOptionsMode
    '''

    DISABLED = "DISABLED"
    '''disabled.'''
    TOKEN = "TOKEN"
    '''token.'''


@jsii.data_type(
    jsii_type="ioray.RayServiceSpecRayClusterConfigAutoscalerOptions",
    jsii_struct_bases=[],
    name_mapping={
        "env": "env",
        "env_from": "envFrom",
        "idle_timeout_seconds": "idleTimeoutSeconds",
        "image": "image",
        "image_pull_policy": "imagePullPolicy",
        "resources": "resources",
        "security_context": "securityContext",
        "upscaling_mode": "upscalingMode",
        "version": "version",
        "volume_mounts": "volumeMounts",
    },
)
class RayServiceSpecRayClusterConfigAutoscalerOptions:
    def __init__(
        self,
        *,
        env: typing.Optional[typing.Sequence[typing.Any]] = None,
        env_from: typing.Optional[typing.Sequence[typing.Any]] = None,
        idle_timeout_seconds: typing.Optional[jsii.Number] = None,
        image: typing.Optional[builtins.str] = None,
        image_pull_policy: typing.Optional["RayServiceSpecRayClusterConfigAutoscalerOptionsImagePullPolicy"] = None,
        resources: typing.Any = None,
        security_context: typing.Any = None,
        upscaling_mode: typing.Optional["RayServiceSpecRayClusterConfigAutoscalerOptionsUpscalingMode"] = None,
        version: typing.Optional["RayServiceSpecRayClusterConfigAutoscalerOptionsVersion"] = None,
        volume_mounts: typing.Optional[typing.Sequence[typing.Any]] = None,
    ) -> None:
        '''
        :param env: 
        :param env_from: 
        :param idle_timeout_seconds: 
        :param image: 
        :param image_pull_policy: 
        :param resources: 
        :param security_context: 
        :param upscaling_mode: 
        :param version: 
        :param volume_mounts: 

        :schema: RayServiceSpecRayClusterConfigAutoscalerOptions
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__63f39434ed6e4d8ed41577c32a0eff214d42040afd2c15c518e8d86038c47d6d)
            check_type(argname="argument env", value=env, expected_type=type_hints["env"])
            check_type(argname="argument env_from", value=env_from, expected_type=type_hints["env_from"])
            check_type(argname="argument idle_timeout_seconds", value=idle_timeout_seconds, expected_type=type_hints["idle_timeout_seconds"])
            check_type(argname="argument image", value=image, expected_type=type_hints["image"])
            check_type(argname="argument image_pull_policy", value=image_pull_policy, expected_type=type_hints["image_pull_policy"])
            check_type(argname="argument resources", value=resources, expected_type=type_hints["resources"])
            check_type(argname="argument security_context", value=security_context, expected_type=type_hints["security_context"])
            check_type(argname="argument upscaling_mode", value=upscaling_mode, expected_type=type_hints["upscaling_mode"])
            check_type(argname="argument version", value=version, expected_type=type_hints["version"])
            check_type(argname="argument volume_mounts", value=volume_mounts, expected_type=type_hints["volume_mounts"])
        self._values: typing.Dict[builtins.str, typing.Any] = {}
        if env is not None:
            self._values["env"] = env
        if env_from is not None:
            self._values["env_from"] = env_from
        if idle_timeout_seconds is not None:
            self._values["idle_timeout_seconds"] = idle_timeout_seconds
        if image is not None:
            self._values["image"] = image
        if image_pull_policy is not None:
            self._values["image_pull_policy"] = image_pull_policy
        if resources is not None:
            self._values["resources"] = resources
        if security_context is not None:
            self._values["security_context"] = security_context
        if upscaling_mode is not None:
            self._values["upscaling_mode"] = upscaling_mode
        if version is not None:
            self._values["version"] = version
        if volume_mounts is not None:
            self._values["volume_mounts"] = volume_mounts

    @builtins.property
    def env(self) -> typing.Optional[typing.List[typing.Any]]:
        '''
        :schema: RayServiceSpecRayClusterConfigAutoscalerOptions#env
        '''
        result = self._values.get("env")
        return typing.cast(typing.Optional[typing.List[typing.Any]], result)

    @builtins.property
    def env_from(self) -> typing.Optional[typing.List[typing.Any]]:
        '''
        :schema: RayServiceSpecRayClusterConfigAutoscalerOptions#envFrom
        '''
        result = self._values.get("env_from")
        return typing.cast(typing.Optional[typing.List[typing.Any]], result)

    @builtins.property
    def idle_timeout_seconds(self) -> typing.Optional[jsii.Number]:
        '''
        :schema: RayServiceSpecRayClusterConfigAutoscalerOptions#idleTimeoutSeconds
        '''
        result = self._values.get("idle_timeout_seconds")
        return typing.cast(typing.Optional[jsii.Number], result)

    @builtins.property
    def image(self) -> typing.Optional[builtins.str]:
        '''
        :schema: RayServiceSpecRayClusterConfigAutoscalerOptions#image
        '''
        result = self._values.get("image")
        return typing.cast(typing.Optional[builtins.str], result)

    @builtins.property
    def image_pull_policy(
        self,
    ) -> typing.Optional["RayServiceSpecRayClusterConfigAutoscalerOptionsImagePullPolicy"]:
        '''
        :schema: RayServiceSpecRayClusterConfigAutoscalerOptions#imagePullPolicy
        '''
        result = self._values.get("image_pull_policy")
        return typing.cast(typing.Optional["RayServiceSpecRayClusterConfigAutoscalerOptionsImagePullPolicy"], result)

    @builtins.property
    def resources(self) -> typing.Any:
        '''
        :schema: RayServiceSpecRayClusterConfigAutoscalerOptions#resources
        '''
        result = self._values.get("resources")
        return typing.cast(typing.Any, result)

    @builtins.property
    def security_context(self) -> typing.Any:
        '''
        :schema: RayServiceSpecRayClusterConfigAutoscalerOptions#securityContext
        '''
        result = self._values.get("security_context")
        return typing.cast(typing.Any, result)

    @builtins.property
    def upscaling_mode(
        self,
    ) -> typing.Optional["RayServiceSpecRayClusterConfigAutoscalerOptionsUpscalingMode"]:
        '''
        :schema: RayServiceSpecRayClusterConfigAutoscalerOptions#upscalingMode
        '''
        result = self._values.get("upscaling_mode")
        return typing.cast(typing.Optional["RayServiceSpecRayClusterConfigAutoscalerOptionsUpscalingMode"], result)

    @builtins.property
    def version(
        self,
    ) -> typing.Optional["RayServiceSpecRayClusterConfigAutoscalerOptionsVersion"]:
        '''
        :schema: RayServiceSpecRayClusterConfigAutoscalerOptions#version
        '''
        result = self._values.get("version")
        return typing.cast(typing.Optional["RayServiceSpecRayClusterConfigAutoscalerOptionsVersion"], result)

    @builtins.property
    def volume_mounts(self) -> typing.Optional[typing.List[typing.Any]]:
        '''
        :schema: RayServiceSpecRayClusterConfigAutoscalerOptions#volumeMounts
        '''
        result = self._values.get("volume_mounts")
        return typing.cast(typing.Optional[typing.List[typing.Any]], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "RayServiceSpecRayClusterConfigAutoscalerOptions(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.enum(
    jsii_type="ioray.RayServiceSpecRayClusterConfigAutoscalerOptionsImagePullPolicy"
)
class RayServiceSpecRayClusterConfigAutoscalerOptionsImagePullPolicy(enum.Enum):
    '''
    :schema: RayServiceSpecRayClusterConfigAutoscalerOptionsImagePullPolicy
    '''

    ALWAYS = "ALWAYS"
    '''Always.'''
    IF_NOT_PRESENT = "IF_NOT_PRESENT"
    '''IfNotPresent.'''
    NEVER = "NEVER"
    '''Never.'''


@jsii.enum(
    jsii_type="ioray.RayServiceSpecRayClusterConfigAutoscalerOptionsUpscalingMode"
)
class RayServiceSpecRayClusterConfigAutoscalerOptionsUpscalingMode(enum.Enum):
    '''
    :schema: RayServiceSpecRayClusterConfigAutoscalerOptionsUpscalingMode
    '''

    DEFAULT = "DEFAULT"
    '''Default.'''
    AGGRESSIVE = "AGGRESSIVE"
    '''Aggressive.'''
    CONSERVATIVE = "CONSERVATIVE"
    '''Conservative.'''


@jsii.enum(jsii_type="ioray.RayServiceSpecRayClusterConfigAutoscalerOptionsVersion")
class RayServiceSpecRayClusterConfigAutoscalerOptionsVersion(enum.Enum):
    '''
    :schema: RayServiceSpecRayClusterConfigAutoscalerOptionsVersion
    '''

    V1 = "V1"
    '''v1.'''
    V2 = "V2"
    '''v2.'''


@jsii.data_type(
    jsii_type="ioray.RayServiceSpecRayClusterConfigGcsFaultToleranceOptions",
    jsii_struct_bases=[],
    name_mapping={
        "redis_address": "redisAddress",
        "external_storage_namespace": "externalStorageNamespace",
        "redis_password": "redisPassword",
        "redis_username": "redisUsername",
    },
)
class RayServiceSpecRayClusterConfigGcsFaultToleranceOptions:
    def __init__(
        self,
        *,
        redis_address: builtins.str,
        external_storage_namespace: typing.Optional[builtins.str] = None,
        redis_password: typing.Optional[typing.Union["RayServiceSpecRayClusterConfigGcsFaultToleranceOptionsRedisPassword", typing.Dict[builtins.str, typing.Any]]] = None,
        redis_username: typing.Optional[typing.Union["RayServiceSpecRayClusterConfigGcsFaultToleranceOptionsRedisUsername", typing.Dict[builtins.str, typing.Any]]] = None,
    ) -> None:
        '''Where the head keeps its state, so that its restart does not end the cluster.

        :param redis_address: 
        :param external_storage_namespace: 
        :param redis_password: 
        :param redis_username: 

        :schema: RayServiceSpecRayClusterConfigGcsFaultToleranceOptions
        '''
        if isinstance(redis_password, dict):
            redis_password = RayServiceSpecRayClusterConfigGcsFaultToleranceOptionsRedisPassword(**redis_password)
        if isinstance(redis_username, dict):
            redis_username = RayServiceSpecRayClusterConfigGcsFaultToleranceOptionsRedisUsername(**redis_username)
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__796984bd72f2a614ae2fde0411e7f857ee361a4f1125387ad18c5bd39a5ebfbe)
            check_type(argname="argument redis_address", value=redis_address, expected_type=type_hints["redis_address"])
            check_type(argname="argument external_storage_namespace", value=external_storage_namespace, expected_type=type_hints["external_storage_namespace"])
            check_type(argname="argument redis_password", value=redis_password, expected_type=type_hints["redis_password"])
            check_type(argname="argument redis_username", value=redis_username, expected_type=type_hints["redis_username"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "redis_address": redis_address,
        }
        if external_storage_namespace is not None:
            self._values["external_storage_namespace"] = external_storage_namespace
        if redis_password is not None:
            self._values["redis_password"] = redis_password
        if redis_username is not None:
            self._values["redis_username"] = redis_username

    @builtins.property
    def redis_address(self) -> builtins.str:
        '''
        :schema: RayServiceSpecRayClusterConfigGcsFaultToleranceOptions#redisAddress
        '''
        result = self._values.get("redis_address")
        assert result is not None, "Required property 'redis_address' is missing"
        return typing.cast(builtins.str, result)

    @builtins.property
    def external_storage_namespace(self) -> typing.Optional[builtins.str]:
        '''
        :schema: RayServiceSpecRayClusterConfigGcsFaultToleranceOptions#externalStorageNamespace
        '''
        result = self._values.get("external_storage_namespace")
        return typing.cast(typing.Optional[builtins.str], result)

    @builtins.property
    def redis_password(
        self,
    ) -> typing.Optional["RayServiceSpecRayClusterConfigGcsFaultToleranceOptionsRedisPassword"]:
        '''
        :schema: RayServiceSpecRayClusterConfigGcsFaultToleranceOptions#redisPassword
        '''
        result = self._values.get("redis_password")
        return typing.cast(typing.Optional["RayServiceSpecRayClusterConfigGcsFaultToleranceOptionsRedisPassword"], result)

    @builtins.property
    def redis_username(
        self,
    ) -> typing.Optional["RayServiceSpecRayClusterConfigGcsFaultToleranceOptionsRedisUsername"]:
        '''
        :schema: RayServiceSpecRayClusterConfigGcsFaultToleranceOptions#redisUsername
        '''
        result = self._values.get("redis_username")
        return typing.cast(typing.Optional["RayServiceSpecRayClusterConfigGcsFaultToleranceOptionsRedisUsername"], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "RayServiceSpecRayClusterConfigGcsFaultToleranceOptions(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="ioray.RayServiceSpecRayClusterConfigGcsFaultToleranceOptionsRedisPassword",
    jsii_struct_bases=[],
    name_mapping={"value": "value", "value_from": "valueFrom"},
)
class RayServiceSpecRayClusterConfigGcsFaultToleranceOptionsRedisPassword:
    def __init__(
        self,
        *,
        value: typing.Optional[builtins.str] = None,
        value_from: typing.Any = None,
    ) -> None:
        '''
        :param value: 
        :param value_from: 

        :schema: RayServiceSpecRayClusterConfigGcsFaultToleranceOptionsRedisPassword
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__c6343979e38d1d9a20e126987a90eebb9e2ee0da61bcc4f628c0332725200a95)
            check_type(argname="argument value", value=value, expected_type=type_hints["value"])
            check_type(argname="argument value_from", value=value_from, expected_type=type_hints["value_from"])
        self._values: typing.Dict[builtins.str, typing.Any] = {}
        if value is not None:
            self._values["value"] = value
        if value_from is not None:
            self._values["value_from"] = value_from

    @builtins.property
    def value(self) -> typing.Optional[builtins.str]:
        '''
        :schema: RayServiceSpecRayClusterConfigGcsFaultToleranceOptionsRedisPassword#value
        '''
        result = self._values.get("value")
        return typing.cast(typing.Optional[builtins.str], result)

    @builtins.property
    def value_from(self) -> typing.Any:
        '''
        :schema: RayServiceSpecRayClusterConfigGcsFaultToleranceOptionsRedisPassword#valueFrom
        '''
        result = self._values.get("value_from")
        return typing.cast(typing.Any, result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "RayServiceSpecRayClusterConfigGcsFaultToleranceOptionsRedisPassword(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="ioray.RayServiceSpecRayClusterConfigGcsFaultToleranceOptionsRedisUsername",
    jsii_struct_bases=[],
    name_mapping={"value": "value", "value_from": "valueFrom"},
)
class RayServiceSpecRayClusterConfigGcsFaultToleranceOptionsRedisUsername:
    def __init__(
        self,
        *,
        value: typing.Optional[builtins.str] = None,
        value_from: typing.Any = None,
    ) -> None:
        '''
        :param value: 
        :param value_from: 

        :schema: RayServiceSpecRayClusterConfigGcsFaultToleranceOptionsRedisUsername
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__342036105f3e85b4d04a49692687fb58f34a5b9a7d2d6b1f211365250d189112)
            check_type(argname="argument value", value=value, expected_type=type_hints["value"])
            check_type(argname="argument value_from", value=value_from, expected_type=type_hints["value_from"])
        self._values: typing.Dict[builtins.str, typing.Any] = {}
        if value is not None:
            self._values["value"] = value
        if value_from is not None:
            self._values["value_from"] = value_from

    @builtins.property
    def value(self) -> typing.Optional[builtins.str]:
        '''
        :schema: RayServiceSpecRayClusterConfigGcsFaultToleranceOptionsRedisUsername#value
        '''
        result = self._values.get("value")
        return typing.cast(typing.Optional[builtins.str], result)

    @builtins.property
    def value_from(self) -> typing.Any:
        '''
        :schema: RayServiceSpecRayClusterConfigGcsFaultToleranceOptionsRedisUsername#valueFrom
        '''
        result = self._values.get("value_from")
        return typing.cast(typing.Any, result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "RayServiceSpecRayClusterConfigGcsFaultToleranceOptionsRedisUsername(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="ioray.RayServiceSpecRayClusterConfigHeadGroupSpec",
    jsii_struct_bases=[],
    name_mapping={
        "ray_start_params": "rayStartParams",
        "template": "template",
        "enable_ingress": "enableIngress",
        "head_service": "headService",
        "labels": "labels",
        "resources": "resources",
        "service_type": "serviceType",
    },
)
class RayServiceSpecRayClusterConfigHeadGroupSpec:
    def __init__(
        self,
        *,
        ray_start_params: typing.Mapping[builtins.str, builtins.str],
        template: typing.Any,
        enable_ingress: typing.Optional[builtins.bool] = None,
        head_service: typing.Any = None,
        labels: typing.Optional[typing.Mapping[builtins.str, builtins.str]] = None,
        resources: typing.Optional[typing.Mapping[builtins.str, builtins.str]] = None,
        service_type: typing.Optional["RayServiceSpecRayClusterConfigHeadGroupSpecServiceType"] = None,
    ) -> None:
        '''
        :param ray_start_params: Options of "ray start", without their dashes.
        :param template: A pod template.
        :param enable_ingress: 
        :param head_service: 
        :param labels: 
        :param resources: What Ray is told that each pod has, instead of what the template says.
        :param service_type: 

        :schema: RayServiceSpecRayClusterConfigHeadGroupSpec
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__c93c265501ddcf387172f037ae936d57b469231068f9f86f42a49cd0f83dcf74)
            check_type(argname="argument ray_start_params", value=ray_start_params, expected_type=type_hints["ray_start_params"])
            check_type(argname="argument template", value=template, expected_type=type_hints["template"])
            check_type(argname="argument enable_ingress", value=enable_ingress, expected_type=type_hints["enable_ingress"])
            check_type(argname="argument head_service", value=head_service, expected_type=type_hints["head_service"])
            check_type(argname="argument labels", value=labels, expected_type=type_hints["labels"])
            check_type(argname="argument resources", value=resources, expected_type=type_hints["resources"])
            check_type(argname="argument service_type", value=service_type, expected_type=type_hints["service_type"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "ray_start_params": ray_start_params,
            "template": template,
        }
        if enable_ingress is not None:
            self._values["enable_ingress"] = enable_ingress
        if head_service is not None:
            self._values["head_service"] = head_service
        if labels is not None:
            self._values["labels"] = labels
        if resources is not None:
            self._values["resources"] = resources
        if service_type is not None:
            self._values["service_type"] = service_type

    @builtins.property
    def ray_start_params(self) -> typing.Mapping[builtins.str, builtins.str]:
        '''Options of "ray start", without their dashes.

        :schema: RayServiceSpecRayClusterConfigHeadGroupSpec#rayStartParams
        '''
        result = self._values.get("ray_start_params")
        assert result is not None, "Required property 'ray_start_params' is missing"
        return typing.cast(typing.Mapping[builtins.str, builtins.str], result)

    @builtins.property
    def template(self) -> typing.Any:
        '''A pod template.

        :schema: RayServiceSpecRayClusterConfigHeadGroupSpec#template
        '''
        result = self._values.get("template")
        assert result is not None, "Required property 'template' is missing"
        return typing.cast(typing.Any, result)

    @builtins.property
    def enable_ingress(self) -> typing.Optional[builtins.bool]:
        '''
        :schema: RayServiceSpecRayClusterConfigHeadGroupSpec#enableIngress
        '''
        result = self._values.get("enable_ingress")
        return typing.cast(typing.Optional[builtins.bool], result)

    @builtins.property
    def head_service(self) -> typing.Any:
        '''
        :schema: RayServiceSpecRayClusterConfigHeadGroupSpec#headService
        '''
        result = self._values.get("head_service")
        return typing.cast(typing.Any, result)

    @builtins.property
    def labels(self) -> typing.Optional[typing.Mapping[builtins.str, builtins.str]]:
        '''
        :schema: RayServiceSpecRayClusterConfigHeadGroupSpec#labels
        '''
        result = self._values.get("labels")
        return typing.cast(typing.Optional[typing.Mapping[builtins.str, builtins.str]], result)

    @builtins.property
    def resources(self) -> typing.Optional[typing.Mapping[builtins.str, builtins.str]]:
        '''What Ray is told that each pod has, instead of what the template says.

        :schema: RayServiceSpecRayClusterConfigHeadGroupSpec#resources
        '''
        result = self._values.get("resources")
        return typing.cast(typing.Optional[typing.Mapping[builtins.str, builtins.str]], result)

    @builtins.property
    def service_type(
        self,
    ) -> typing.Optional["RayServiceSpecRayClusterConfigHeadGroupSpecServiceType"]:
        '''
        :schema: RayServiceSpecRayClusterConfigHeadGroupSpec#serviceType
        '''
        result = self._values.get("service_type")
        return typing.cast(typing.Optional["RayServiceSpecRayClusterConfigHeadGroupSpecServiceType"], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "RayServiceSpecRayClusterConfigHeadGroupSpec(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.enum(jsii_type="ioray.RayServiceSpecRayClusterConfigHeadGroupSpecServiceType")
class RayServiceSpecRayClusterConfigHeadGroupSpecServiceType(enum.Enum):
    '''
    :schema: RayServiceSpecRayClusterConfigHeadGroupSpecServiceType
    '''

    CLUSTER_IP = "CLUSTER_IP"
    '''ClusterIP.'''
    NODE_PORT = "NODE_PORT"
    '''NodePort.'''
    LOAD_BALANCER = "LOAD_BALANCER"
    '''LoadBalancer.'''


@jsii.enum(jsii_type="ioray.RayServiceSpecRayClusterConfigManagedBy")
class RayServiceSpecRayClusterConfigManagedBy(enum.Enum):
    '''
    :schema: RayServiceSpecRayClusterConfigManagedBy
    '''

    RAY_PERIOD_IO_FORWARD_SLASH_KUBERAY_HYPHEN_OPERATOR = "RAY_PERIOD_IO_FORWARD_SLASH_KUBERAY_HYPHEN_OPERATOR"
    '''ray.io/kuberay-operator.'''
    KUEUE_PERIOD_X_HYPHEN_K8S_PERIOD_IO_FORWARD_SLASH_MULTIKUEUE = "KUEUE_PERIOD_X_HYPHEN_K8S_PERIOD_IO_FORWARD_SLASH_MULTIKUEUE"
    '''kueue.x-k8s.io/multikueue.'''


@jsii.data_type(
    jsii_type="ioray.RayServiceSpecRayClusterConfigWorkerGroupSpecs",
    jsii_struct_bases=[],
    name_mapping={
        "group_name": "groupName",
        "ray_start_params": "rayStartParams",
        "template": "template",
        "idle_timeout_seconds": "idleTimeoutSeconds",
        "labels": "labels",
        "max_replicas": "maxReplicas",
        "min_replicas": "minReplicas",
        "num_of_hosts": "numOfHosts",
        "replicas": "replicas",
        "resources": "resources",
        "scale_strategy": "scaleStrategy",
        "suspend": "suspend",
    },
)
class RayServiceSpecRayClusterConfigWorkerGroupSpecs:
    def __init__(
        self,
        *,
        group_name: builtins.str,
        ray_start_params: typing.Mapping[builtins.str, builtins.str],
        template: typing.Any,
        idle_timeout_seconds: typing.Optional[jsii.Number] = None,
        labels: typing.Optional[typing.Mapping[builtins.str, builtins.str]] = None,
        max_replicas: typing.Optional[jsii.Number] = None,
        min_replicas: typing.Optional[jsii.Number] = None,
        num_of_hosts: typing.Optional[jsii.Number] = None,
        replicas: typing.Optional[jsii.Number] = None,
        resources: typing.Optional[typing.Mapping[builtins.str, builtins.str]] = None,
        scale_strategy: typing.Optional[typing.Union["RayServiceSpecRayClusterConfigWorkerGroupSpecsScaleStrategy", typing.Dict[builtins.str, typing.Any]]] = None,
        suspend: typing.Optional[builtins.bool] = None,
    ) -> None:
        '''
        :param group_name: 
        :param ray_start_params: Options of "ray start", without their dashes.
        :param template: A pod template.
        :param idle_timeout_seconds: 
        :param labels: 
        :param max_replicas: 
        :param min_replicas: 
        :param num_of_hosts: Pods in each replica. Default: 1.
        :param replicas: 
        :param resources: What Ray is told that each pod has, instead of what the template says.
        :param scale_strategy: 
        :param suspend: 

        :schema: RayServiceSpecRayClusterConfigWorkerGroupSpecs
        '''
        if isinstance(scale_strategy, dict):
            scale_strategy = RayServiceSpecRayClusterConfigWorkerGroupSpecsScaleStrategy(**scale_strategy)
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__c953829930b9bd4db7e12debb047d3f871d8a33ee7451877161f3fc5672aad84)
            check_type(argname="argument group_name", value=group_name, expected_type=type_hints["group_name"])
            check_type(argname="argument ray_start_params", value=ray_start_params, expected_type=type_hints["ray_start_params"])
            check_type(argname="argument template", value=template, expected_type=type_hints["template"])
            check_type(argname="argument idle_timeout_seconds", value=idle_timeout_seconds, expected_type=type_hints["idle_timeout_seconds"])
            check_type(argname="argument labels", value=labels, expected_type=type_hints["labels"])
            check_type(argname="argument max_replicas", value=max_replicas, expected_type=type_hints["max_replicas"])
            check_type(argname="argument min_replicas", value=min_replicas, expected_type=type_hints["min_replicas"])
            check_type(argname="argument num_of_hosts", value=num_of_hosts, expected_type=type_hints["num_of_hosts"])
            check_type(argname="argument replicas", value=replicas, expected_type=type_hints["replicas"])
            check_type(argname="argument resources", value=resources, expected_type=type_hints["resources"])
            check_type(argname="argument scale_strategy", value=scale_strategy, expected_type=type_hints["scale_strategy"])
            check_type(argname="argument suspend", value=suspend, expected_type=type_hints["suspend"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "group_name": group_name,
            "ray_start_params": ray_start_params,
            "template": template,
        }
        if idle_timeout_seconds is not None:
            self._values["idle_timeout_seconds"] = idle_timeout_seconds
        if labels is not None:
            self._values["labels"] = labels
        if max_replicas is not None:
            self._values["max_replicas"] = max_replicas
        if min_replicas is not None:
            self._values["min_replicas"] = min_replicas
        if num_of_hosts is not None:
            self._values["num_of_hosts"] = num_of_hosts
        if replicas is not None:
            self._values["replicas"] = replicas
        if resources is not None:
            self._values["resources"] = resources
        if scale_strategy is not None:
            self._values["scale_strategy"] = scale_strategy
        if suspend is not None:
            self._values["suspend"] = suspend

    @builtins.property
    def group_name(self) -> builtins.str:
        '''
        :schema: RayServiceSpecRayClusterConfigWorkerGroupSpecs#groupName
        '''
        result = self._values.get("group_name")
        assert result is not None, "Required property 'group_name' is missing"
        return typing.cast(builtins.str, result)

    @builtins.property
    def ray_start_params(self) -> typing.Mapping[builtins.str, builtins.str]:
        '''Options of "ray start", without their dashes.

        :schema: RayServiceSpecRayClusterConfigWorkerGroupSpecs#rayStartParams
        '''
        result = self._values.get("ray_start_params")
        assert result is not None, "Required property 'ray_start_params' is missing"
        return typing.cast(typing.Mapping[builtins.str, builtins.str], result)

    @builtins.property
    def template(self) -> typing.Any:
        '''A pod template.

        :schema: RayServiceSpecRayClusterConfigWorkerGroupSpecs#template
        '''
        result = self._values.get("template")
        assert result is not None, "Required property 'template' is missing"
        return typing.cast(typing.Any, result)

    @builtins.property
    def idle_timeout_seconds(self) -> typing.Optional[jsii.Number]:
        '''
        :schema: RayServiceSpecRayClusterConfigWorkerGroupSpecs#idleTimeoutSeconds
        '''
        result = self._values.get("idle_timeout_seconds")
        return typing.cast(typing.Optional[jsii.Number], result)

    @builtins.property
    def labels(self) -> typing.Optional[typing.Mapping[builtins.str, builtins.str]]:
        '''
        :schema: RayServiceSpecRayClusterConfigWorkerGroupSpecs#labels
        '''
        result = self._values.get("labels")
        return typing.cast(typing.Optional[typing.Mapping[builtins.str, builtins.str]], result)

    @builtins.property
    def max_replicas(self) -> typing.Optional[jsii.Number]:
        '''
        :schema: RayServiceSpecRayClusterConfigWorkerGroupSpecs#maxReplicas
        '''
        result = self._values.get("max_replicas")
        return typing.cast(typing.Optional[jsii.Number], result)

    @builtins.property
    def min_replicas(self) -> typing.Optional[jsii.Number]:
        '''
        :schema: RayServiceSpecRayClusterConfigWorkerGroupSpecs#minReplicas
        '''
        result = self._values.get("min_replicas")
        return typing.cast(typing.Optional[jsii.Number], result)

    @builtins.property
    def num_of_hosts(self) -> typing.Optional[jsii.Number]:
        '''Pods in each replica.

        Default: 1.

        :schema: RayServiceSpecRayClusterConfigWorkerGroupSpecs#numOfHosts
        '''
        result = self._values.get("num_of_hosts")
        return typing.cast(typing.Optional[jsii.Number], result)

    @builtins.property
    def replicas(self) -> typing.Optional[jsii.Number]:
        '''
        :schema: RayServiceSpecRayClusterConfigWorkerGroupSpecs#replicas
        '''
        result = self._values.get("replicas")
        return typing.cast(typing.Optional[jsii.Number], result)

    @builtins.property
    def resources(self) -> typing.Optional[typing.Mapping[builtins.str, builtins.str]]:
        '''What Ray is told that each pod has, instead of what the template says.

        :schema: RayServiceSpecRayClusterConfigWorkerGroupSpecs#resources
        '''
        result = self._values.get("resources")
        return typing.cast(typing.Optional[typing.Mapping[builtins.str, builtins.str]], result)

    @builtins.property
    def scale_strategy(
        self,
    ) -> typing.Optional["RayServiceSpecRayClusterConfigWorkerGroupSpecsScaleStrategy"]:
        '''
        :schema: RayServiceSpecRayClusterConfigWorkerGroupSpecs#scaleStrategy
        '''
        result = self._values.get("scale_strategy")
        return typing.cast(typing.Optional["RayServiceSpecRayClusterConfigWorkerGroupSpecsScaleStrategy"], result)

    @builtins.property
    def suspend(self) -> typing.Optional[builtins.bool]:
        '''
        :schema: RayServiceSpecRayClusterConfigWorkerGroupSpecs#suspend
        '''
        result = self._values.get("suspend")
        return typing.cast(typing.Optional[builtins.bool], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "RayServiceSpecRayClusterConfigWorkerGroupSpecs(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="ioray.RayServiceSpecRayClusterConfigWorkerGroupSpecsScaleStrategy",
    jsii_struct_bases=[],
    name_mapping={"workers_to_delete": "workersToDelete"},
)
class RayServiceSpecRayClusterConfigWorkerGroupSpecsScaleStrategy:
    def __init__(
        self,
        *,
        workers_to_delete: typing.Optional[typing.Sequence[builtins.str]] = None,
    ) -> None:
        '''
        :param workers_to_delete: 

        :schema: RayServiceSpecRayClusterConfigWorkerGroupSpecsScaleStrategy
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__fbd85829e8881e34c53f84b8622e8202732bba9a4626ffeb32b314c728f5a104)
            check_type(argname="argument workers_to_delete", value=workers_to_delete, expected_type=type_hints["workers_to_delete"])
        self._values: typing.Dict[builtins.str, typing.Any] = {}
        if workers_to_delete is not None:
            self._values["workers_to_delete"] = workers_to_delete

    @builtins.property
    def workers_to_delete(self) -> typing.Optional[typing.List[builtins.str]]:
        '''
        :schema: RayServiceSpecRayClusterConfigWorkerGroupSpecsScaleStrategy#workersToDelete
        '''
        result = self._values.get("workers_to_delete")
        return typing.cast(typing.Optional[typing.List[builtins.str]], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "RayServiceSpecRayClusterConfigWorkerGroupSpecsScaleStrategy(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="ioray.RayServiceSpecUpgradeStrategy",
    jsii_struct_bases=[],
    name_mapping={"cluster_upgrade_options": "clusterUpgradeOptions", "type": "type"},
)
class RayServiceSpecUpgradeStrategy:
    def __init__(
        self,
        *,
        cluster_upgrade_options: typing.Optional[typing.Union["RayServiceSpecUpgradeStrategyClusterUpgradeOptions", typing.Dict[builtins.str, typing.Any]]] = None,
        type: typing.Optional["RayServiceSpecUpgradeStrategyType"] = None,
    ) -> None:
        '''
        :param cluster_upgrade_options: 
        :param type: 

        :schema: RayServiceSpecUpgradeStrategy
        '''
        if isinstance(cluster_upgrade_options, dict):
            cluster_upgrade_options = RayServiceSpecUpgradeStrategyClusterUpgradeOptions(**cluster_upgrade_options)
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__0b1764f4e706474f114aa7946656bb3a5987efc81a5b0fb56c11f38effe86667)
            check_type(argname="argument cluster_upgrade_options", value=cluster_upgrade_options, expected_type=type_hints["cluster_upgrade_options"])
            check_type(argname="argument type", value=type, expected_type=type_hints["type"])
        self._values: typing.Dict[builtins.str, typing.Any] = {}
        if cluster_upgrade_options is not None:
            self._values["cluster_upgrade_options"] = cluster_upgrade_options
        if type is not None:
            self._values["type"] = type

    @builtins.property
    def cluster_upgrade_options(
        self,
    ) -> typing.Optional["RayServiceSpecUpgradeStrategyClusterUpgradeOptions"]:
        '''
        :schema: RayServiceSpecUpgradeStrategy#clusterUpgradeOptions
        '''
        result = self._values.get("cluster_upgrade_options")
        return typing.cast(typing.Optional["RayServiceSpecUpgradeStrategyClusterUpgradeOptions"], result)

    @builtins.property
    def type(self) -> typing.Optional["RayServiceSpecUpgradeStrategyType"]:
        '''
        :schema: RayServiceSpecUpgradeStrategy#type
        '''
        result = self._values.get("type")
        return typing.cast(typing.Optional["RayServiceSpecUpgradeStrategyType"], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "RayServiceSpecUpgradeStrategy(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="ioray.RayServiceSpecUpgradeStrategyClusterUpgradeOptions",
    jsii_struct_bases=[],
    name_mapping={
        "gateway_class_name": "gatewayClassName",
        "interval_seconds": "intervalSeconds",
        "step_size_percent": "stepSizePercent",
        "max_surge_percent": "maxSurgePercent",
    },
)
class RayServiceSpecUpgradeStrategyClusterUpgradeOptions:
    def __init__(
        self,
        *,
        gateway_class_name: builtins.str,
        interval_seconds: jsii.Number,
        step_size_percent: jsii.Number,
        max_surge_percent: typing.Optional[jsii.Number] = None,
    ) -> None:
        '''
        :param gateway_class_name: 
        :param interval_seconds: 
        :param step_size_percent: 
        :param max_surge_percent: 

        :schema: RayServiceSpecUpgradeStrategyClusterUpgradeOptions
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__d567e203dd405046aa7404e8b1e800b4fb32a0a0ccef7b92f0774ce5fc6d0cbc)
            check_type(argname="argument gateway_class_name", value=gateway_class_name, expected_type=type_hints["gateway_class_name"])
            check_type(argname="argument interval_seconds", value=interval_seconds, expected_type=type_hints["interval_seconds"])
            check_type(argname="argument step_size_percent", value=step_size_percent, expected_type=type_hints["step_size_percent"])
            check_type(argname="argument max_surge_percent", value=max_surge_percent, expected_type=type_hints["max_surge_percent"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "gateway_class_name": gateway_class_name,
            "interval_seconds": interval_seconds,
            "step_size_percent": step_size_percent,
        }
        if max_surge_percent is not None:
            self._values["max_surge_percent"] = max_surge_percent

    @builtins.property
    def gateway_class_name(self) -> builtins.str:
        '''
        :schema: RayServiceSpecUpgradeStrategyClusterUpgradeOptions#gatewayClassName
        '''
        result = self._values.get("gateway_class_name")
        assert result is not None, "Required property 'gateway_class_name' is missing"
        return typing.cast(builtins.str, result)

    @builtins.property
    def interval_seconds(self) -> jsii.Number:
        '''
        :schema: RayServiceSpecUpgradeStrategyClusterUpgradeOptions#intervalSeconds
        '''
        result = self._values.get("interval_seconds")
        assert result is not None, "Required property 'interval_seconds' is missing"
        return typing.cast(jsii.Number, result)

    @builtins.property
    def step_size_percent(self) -> jsii.Number:
        '''
        :schema: RayServiceSpecUpgradeStrategyClusterUpgradeOptions#stepSizePercent
        '''
        result = self._values.get("step_size_percent")
        assert result is not None, "Required property 'step_size_percent' is missing"
        return typing.cast(jsii.Number, result)

    @builtins.property
    def max_surge_percent(self) -> typing.Optional[jsii.Number]:
        '''
        :schema: RayServiceSpecUpgradeStrategyClusterUpgradeOptions#maxSurgePercent
        '''
        result = self._values.get("max_surge_percent")
        return typing.cast(typing.Optional[jsii.Number], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "RayServiceSpecUpgradeStrategyClusterUpgradeOptions(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.enum(jsii_type="ioray.RayServiceSpecUpgradeStrategyType")
class RayServiceSpecUpgradeStrategyType(enum.Enum):
    '''
    :schema: RayServiceSpecUpgradeStrategyType
    '''

    NEW_CLUSTER = "NEW_CLUSTER"
    '''NewCluster.'''
    NEW_CLUSTER_WITH_INCREMENTAL_UPGRADE = "NEW_CLUSTER_WITH_INCREMENTAL_UPGRADE"
    '''NewClusterWithIncrementalUpgrade.'''
    NONE = "NONE"
    '''None.'''


__all__ = [
    "RayCluster",
    "RayClusterProps",
    "RayClusterSpec",
    "RayClusterSpecAuthOptions",
    "RayClusterSpecAuthOptionsMode",
    "RayClusterSpecAutoscalerOptions",
    "RayClusterSpecAutoscalerOptionsImagePullPolicy",
    "RayClusterSpecAutoscalerOptionsUpscalingMode",
    "RayClusterSpecAutoscalerOptionsVersion",
    "RayClusterSpecGcsFaultToleranceOptions",
    "RayClusterSpecGcsFaultToleranceOptionsRedisPassword",
    "RayClusterSpecGcsFaultToleranceOptionsRedisUsername",
    "RayClusterSpecHeadGroupSpec",
    "RayClusterSpecHeadGroupSpecServiceType",
    "RayClusterSpecManagedBy",
    "RayClusterSpecWorkerGroupSpecs",
    "RayClusterSpecWorkerGroupSpecsScaleStrategy",
    "RayService",
    "RayServiceProps",
    "RayServiceSpec",
    "RayServiceSpecRayClusterConfig",
    "RayServiceSpecRayClusterConfigAuthOptions",
    "RayServiceSpecRayClusterConfigAuthOptionsMode",
    "RayServiceSpecRayClusterConfigAutoscalerOptions",
    "RayServiceSpecRayClusterConfigAutoscalerOptionsImagePullPolicy",
    "RayServiceSpecRayClusterConfigAutoscalerOptionsUpscalingMode",
    "RayServiceSpecRayClusterConfigAutoscalerOptionsVersion",
    "RayServiceSpecRayClusterConfigGcsFaultToleranceOptions",
    "RayServiceSpecRayClusterConfigGcsFaultToleranceOptionsRedisPassword",
    "RayServiceSpecRayClusterConfigGcsFaultToleranceOptionsRedisUsername",
    "RayServiceSpecRayClusterConfigHeadGroupSpec",
    "RayServiceSpecRayClusterConfigHeadGroupSpecServiceType",
    "RayServiceSpecRayClusterConfigManagedBy",
    "RayServiceSpecRayClusterConfigWorkerGroupSpecs",
    "RayServiceSpecRayClusterConfigWorkerGroupSpecsScaleStrategy",
    "RayServiceSpecUpgradeStrategy",
    "RayServiceSpecUpgradeStrategyClusterUpgradeOptions",
    "RayServiceSpecUpgradeStrategyType",
]

publication.publish()

def _typecheckingstub__34e71fc7709841b14d8b70676dcf4bb0bcd385679eabf3ec4b7833cbc540a773(
    scope: _constructs_77d1e7e8.Construct,
    id: builtins.str,
    *,
    spec: typing.Union[RayClusterSpec, typing.Dict[builtins.str, typing.Any]],
    metadata: typing.Optional[typing.Union[_cdk8s_d3d9af27.ApiObjectMetadata, typing.Dict[builtins.str, typing.Any]]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__abda0019aa0325ed3bfcd71099ffb5f0d7e14033ab44dcd801087acf77c21d09(
    *,
    spec: typing.Union[RayClusterSpec, typing.Dict[builtins.str, typing.Any]],
    metadata: typing.Optional[typing.Union[_cdk8s_d3d9af27.ApiObjectMetadata, typing.Dict[builtins.str, typing.Any]]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__e7452a44de2c9fe71bf2a63b03ef96f651fd3de8e21f59de2f507e768b279e1b(
    *,
    head_group_spec: typing.Union[RayClusterSpecHeadGroupSpec, typing.Dict[builtins.str, typing.Any]],
    auth_options: typing.Optional[typing.Union[RayClusterSpecAuthOptions, typing.Dict[builtins.str, typing.Any]]] = None,
    autoscaler_options: typing.Optional[typing.Union[RayClusterSpecAutoscalerOptions, typing.Dict[builtins.str, typing.Any]]] = None,
    enable_in_tree_autoscaling: typing.Optional[builtins.bool] = None,
    gcs_fault_tolerance_options: typing.Optional[typing.Union[RayClusterSpecGcsFaultToleranceOptions, typing.Dict[builtins.str, typing.Any]]] = None,
    head_service_annotations: typing.Optional[typing.Mapping[builtins.str, builtins.str]] = None,
    managed_by: typing.Optional[RayClusterSpecManagedBy] = None,
    ray_version: typing.Optional[builtins.str] = None,
    suspend: typing.Optional[builtins.bool] = None,
    worker_group_specs: typing.Optional[typing.Sequence[typing.Union[RayClusterSpecWorkerGroupSpecs, typing.Dict[builtins.str, typing.Any]]]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__3e8f1f5bb25a8a2d950f71aad39fb2401448d3d1901ed71ec6799051d81305d6(
    *,
    enable_k8_s_token_auth: typing.Optional[builtins.bool] = None,
    mode: typing.Optional[RayClusterSpecAuthOptionsMode] = None,
    secret_name: typing.Optional[builtins.str] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__5eb0bb803d9ba3097811f4c6f6d01228059ad9f60ea7c7325d84b22c673dd37d(
    *,
    env: typing.Optional[typing.Sequence[typing.Any]] = None,
    env_from: typing.Optional[typing.Sequence[typing.Any]] = None,
    idle_timeout_seconds: typing.Optional[jsii.Number] = None,
    image: typing.Optional[builtins.str] = None,
    image_pull_policy: typing.Optional[RayClusterSpecAutoscalerOptionsImagePullPolicy] = None,
    resources: typing.Any = None,
    security_context: typing.Any = None,
    upscaling_mode: typing.Optional[RayClusterSpecAutoscalerOptionsUpscalingMode] = None,
    version: typing.Optional[RayClusterSpecAutoscalerOptionsVersion] = None,
    volume_mounts: typing.Optional[typing.Sequence[typing.Any]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__231ce2ccedd9923cf5a23fcd2b69bda8f4aee5c1ffbf4e5432e3e1d930c6e604(
    *,
    redis_address: builtins.str,
    external_storage_namespace: typing.Optional[builtins.str] = None,
    redis_password: typing.Optional[typing.Union[RayClusterSpecGcsFaultToleranceOptionsRedisPassword, typing.Dict[builtins.str, typing.Any]]] = None,
    redis_username: typing.Optional[typing.Union[RayClusterSpecGcsFaultToleranceOptionsRedisUsername, typing.Dict[builtins.str, typing.Any]]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__f400fa3e8a514b863a97fe90a9880f89f8a3fe623d96459633419d7ca75eea1b(
    *,
    value: typing.Optional[builtins.str] = None,
    value_from: typing.Any = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__8ad3d0d5af2eb9ec38a241ca2609739308a2e4dcc149b100f45cf3297c7160a1(
    *,
    value: typing.Optional[builtins.str] = None,
    value_from: typing.Any = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__040c0841b72199d83317deef155082f01eae74b20c417069ca344986a774ffc4(
    *,
    ray_start_params: typing.Mapping[builtins.str, builtins.str],
    template: typing.Any,
    enable_ingress: typing.Optional[builtins.bool] = None,
    head_service: typing.Any = None,
    labels: typing.Optional[typing.Mapping[builtins.str, builtins.str]] = None,
    resources: typing.Optional[typing.Mapping[builtins.str, builtins.str]] = None,
    service_type: typing.Optional[RayClusterSpecHeadGroupSpecServiceType] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__a774817c0121e8557381b155451677f3304170aee62e7c283bcb7ea5e9846f09(
    *,
    group_name: builtins.str,
    ray_start_params: typing.Mapping[builtins.str, builtins.str],
    template: typing.Any,
    idle_timeout_seconds: typing.Optional[jsii.Number] = None,
    labels: typing.Optional[typing.Mapping[builtins.str, builtins.str]] = None,
    max_replicas: typing.Optional[jsii.Number] = None,
    min_replicas: typing.Optional[jsii.Number] = None,
    num_of_hosts: typing.Optional[jsii.Number] = None,
    replicas: typing.Optional[jsii.Number] = None,
    resources: typing.Optional[typing.Mapping[builtins.str, builtins.str]] = None,
    scale_strategy: typing.Optional[typing.Union[RayClusterSpecWorkerGroupSpecsScaleStrategy, typing.Dict[builtins.str, typing.Any]]] = None,
    suspend: typing.Optional[builtins.bool] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__01fbdd8aff8b3418f497e4d088cd949816e82138af674d09603b3dcc13c591dd(
    *,
    workers_to_delete: typing.Optional[typing.Sequence[builtins.str]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__b0e02d2a5630c493d0103d90d0e18f0ba4a6ed262f0626e4e91bef071a6d1c58(
    scope: _constructs_77d1e7e8.Construct,
    id: builtins.str,
    *,
    spec: typing.Union[RayServiceSpec, typing.Dict[builtins.str, typing.Any]],
    metadata: typing.Optional[typing.Union[_cdk8s_d3d9af27.ApiObjectMetadata, typing.Dict[builtins.str, typing.Any]]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__f60baaa89a5e493e808db3b4805adf1e9b1ca0b54cf5c9d8ea9574dcfc604422(
    *,
    spec: typing.Union[RayServiceSpec, typing.Dict[builtins.str, typing.Any]],
    metadata: typing.Optional[typing.Union[_cdk8s_d3d9af27.ApiObjectMetadata, typing.Dict[builtins.str, typing.Any]]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__4861dcf956835cc929df346181deae53e5160609a3a8f51d9c4f67281d0dec6a(
    *,
    ray_cluster_config: typing.Union[RayServiceSpecRayClusterConfig, typing.Dict[builtins.str, typing.Any]],
    exclude_head_pod_from_serve_svc: typing.Optional[builtins.bool] = None,
    ray_cluster_deletion_delay_seconds: typing.Optional[jsii.Number] = None,
    serve_config_v2: typing.Optional[builtins.str] = None,
    serve_service: typing.Any = None,
    upgrade_strategy: typing.Optional[typing.Union[RayServiceSpecUpgradeStrategy, typing.Dict[builtins.str, typing.Any]]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__938f9b1c2a6e48d8e12fe92f6438b08d3abf950c01550b2b6a6456ae0e7bdaa2(
    *,
    head_group_spec: typing.Union[RayServiceSpecRayClusterConfigHeadGroupSpec, typing.Dict[builtins.str, typing.Any]],
    auth_options: typing.Optional[typing.Union[RayServiceSpecRayClusterConfigAuthOptions, typing.Dict[builtins.str, typing.Any]]] = None,
    autoscaler_options: typing.Optional[typing.Union[RayServiceSpecRayClusterConfigAutoscalerOptions, typing.Dict[builtins.str, typing.Any]]] = None,
    enable_in_tree_autoscaling: typing.Optional[builtins.bool] = None,
    gcs_fault_tolerance_options: typing.Optional[typing.Union[RayServiceSpecRayClusterConfigGcsFaultToleranceOptions, typing.Dict[builtins.str, typing.Any]]] = None,
    head_service_annotations: typing.Optional[typing.Mapping[builtins.str, builtins.str]] = None,
    managed_by: typing.Optional[RayServiceSpecRayClusterConfigManagedBy] = None,
    ray_version: typing.Optional[builtins.str] = None,
    suspend: typing.Optional[builtins.bool] = None,
    worker_group_specs: typing.Optional[typing.Sequence[typing.Union[RayServiceSpecRayClusterConfigWorkerGroupSpecs, typing.Dict[builtins.str, typing.Any]]]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__877f97443402672f1d6e4234b3eb738941b66594d5f7993770cd4defe115938a(
    *,
    enable_k8_s_token_auth: typing.Optional[builtins.bool] = None,
    mode: typing.Optional[RayServiceSpecRayClusterConfigAuthOptionsMode] = None,
    secret_name: typing.Optional[builtins.str] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__63f39434ed6e4d8ed41577c32a0eff214d42040afd2c15c518e8d86038c47d6d(
    *,
    env: typing.Optional[typing.Sequence[typing.Any]] = None,
    env_from: typing.Optional[typing.Sequence[typing.Any]] = None,
    idle_timeout_seconds: typing.Optional[jsii.Number] = None,
    image: typing.Optional[builtins.str] = None,
    image_pull_policy: typing.Optional[RayServiceSpecRayClusterConfigAutoscalerOptionsImagePullPolicy] = None,
    resources: typing.Any = None,
    security_context: typing.Any = None,
    upscaling_mode: typing.Optional[RayServiceSpecRayClusterConfigAutoscalerOptionsUpscalingMode] = None,
    version: typing.Optional[RayServiceSpecRayClusterConfigAutoscalerOptionsVersion] = None,
    volume_mounts: typing.Optional[typing.Sequence[typing.Any]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__796984bd72f2a614ae2fde0411e7f857ee361a4f1125387ad18c5bd39a5ebfbe(
    *,
    redis_address: builtins.str,
    external_storage_namespace: typing.Optional[builtins.str] = None,
    redis_password: typing.Optional[typing.Union[RayServiceSpecRayClusterConfigGcsFaultToleranceOptionsRedisPassword, typing.Dict[builtins.str, typing.Any]]] = None,
    redis_username: typing.Optional[typing.Union[RayServiceSpecRayClusterConfigGcsFaultToleranceOptionsRedisUsername, typing.Dict[builtins.str, typing.Any]]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__c6343979e38d1d9a20e126987a90eebb9e2ee0da61bcc4f628c0332725200a95(
    *,
    value: typing.Optional[builtins.str] = None,
    value_from: typing.Any = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__342036105f3e85b4d04a49692687fb58f34a5b9a7d2d6b1f211365250d189112(
    *,
    value: typing.Optional[builtins.str] = None,
    value_from: typing.Any = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__c93c265501ddcf387172f037ae936d57b469231068f9f86f42a49cd0f83dcf74(
    *,
    ray_start_params: typing.Mapping[builtins.str, builtins.str],
    template: typing.Any,
    enable_ingress: typing.Optional[builtins.bool] = None,
    head_service: typing.Any = None,
    labels: typing.Optional[typing.Mapping[builtins.str, builtins.str]] = None,
    resources: typing.Optional[typing.Mapping[builtins.str, builtins.str]] = None,
    service_type: typing.Optional[RayServiceSpecRayClusterConfigHeadGroupSpecServiceType] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__c953829930b9bd4db7e12debb047d3f871d8a33ee7451877161f3fc5672aad84(
    *,
    group_name: builtins.str,
    ray_start_params: typing.Mapping[builtins.str, builtins.str],
    template: typing.Any,
    idle_timeout_seconds: typing.Optional[jsii.Number] = None,
    labels: typing.Optional[typing.Mapping[builtins.str, builtins.str]] = None,
    max_replicas: typing.Optional[jsii.Number] = None,
    min_replicas: typing.Optional[jsii.Number] = None,
    num_of_hosts: typing.Optional[jsii.Number] = None,
    replicas: typing.Optional[jsii.Number] = None,
    resources: typing.Optional[typing.Mapping[builtins.str, builtins.str]] = None,
    scale_strategy: typing.Optional[typing.Union[RayServiceSpecRayClusterConfigWorkerGroupSpecsScaleStrategy, typing.Dict[builtins.str, typing.Any]]] = None,
    suspend: typing.Optional[builtins.bool] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__fbd85829e8881e34c53f84b8622e8202732bba9a4626ffeb32b314c728f5a104(
    *,
    workers_to_delete: typing.Optional[typing.Sequence[builtins.str]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__0b1764f4e706474f114aa7946656bb3a5987efc81a5b0fb56c11f38effe86667(
    *,
    cluster_upgrade_options: typing.Optional[typing.Union[RayServiceSpecUpgradeStrategyClusterUpgradeOptions, typing.Dict[builtins.str, typing.Any]]] = None,
    type: typing.Optional[RayServiceSpecUpgradeStrategyType] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__d567e203dd405046aa7404e8b1e800b4fb32a0a0ccef7b92f0774ce5fc6d0cbc(
    *,
    gateway_class_name: builtins.str,
    interval_seconds: jsii.Number,
    step_size_percent: jsii.Number,
    max_surge_percent: typing.Optional[jsii.Number] = None,
) -> None:
    """Type checking stubs"""
    pass
