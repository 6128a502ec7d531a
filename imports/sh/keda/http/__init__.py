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


class InterceptorRoute(
    _cdk8s_d3d9af27.ApiObject,
    metaclass=jsii.JSIIMeta,
    jsii_type="shkedahttp.InterceptorRoute",
):
    '''Which requests KEDA's HTTP add-on holds for a Service, and what it counts of them.

    :schema: InterceptorRoute
    '''

    def __init__(
        self,
        scope: "_constructs_77d1e7e8.Construct",
        id: builtins.str,
        *,
        spec: typing.Union["InterceptorRouteSpec", typing.Dict[builtins.str, typing.Any]],
        metadata: typing.Optional[typing.Union["_cdk8s_d3d9af27.ApiObjectMetadata", typing.Dict[builtins.str, typing.Any]]] = None,
    ) -> None:
        '''Defines a "InterceptorRoute" API object.

        :param scope: the scope in which to define this object.
        :param id: a scope-local name for the object.
        :param spec: 
        :param metadata: 
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__dba16164ceb42611ec84f8f7c3eb16f3bc16643f315040569f62b8025caf16e5)
            check_type(argname="argument scope", value=scope, expected_type=type_hints["scope"])
            check_type(argname="argument id", value=id, expected_type=type_hints["id"])
        props = InterceptorRouteProps(spec=spec, metadata=metadata)

        jsii.create(self.__class__, self, [scope, id, props])

    @jsii.member(jsii_name="manifest")
    @builtins.classmethod
    def manifest(
        cls,
        *,
        spec: typing.Union["InterceptorRouteSpec", typing.Dict[builtins.str, typing.Any]],
        metadata: typing.Optional[typing.Union["_cdk8s_d3d9af27.ApiObjectMetadata", typing.Dict[builtins.str, typing.Any]]] = None,
    ) -> typing.Any:
        '''Renders a Kubernetes manifest for "InterceptorRoute".

        This can be used to inline resource manifests inside other objects (e.g. as templates).

        :param spec: 
        :param metadata: 
        '''
        props = InterceptorRouteProps(spec=spec, metadata=metadata)

        return typing.cast(typing.Any, jsii.sinvoke(cls, "manifest", [props]))

    @jsii.member(jsii_name="toJson")
    def to_json(self) -> typing.Any:
        '''Renders the object to Kubernetes JSON.'''
        return typing.cast(typing.Any, jsii.invoke(self, "toJson", []))

    @jsii.python.classproperty
    @jsii.member(jsii_name="GVK")
    def GVK(cls) -> "_cdk8s_d3d9af27.GroupVersionKind":
        '''Returns the apiVersion and kind for "InterceptorRoute".'''
        return typing.cast("_cdk8s_d3d9af27.GroupVersionKind", jsii.sget(cls, "GVK"))


@jsii.data_type(
    jsii_type="shkedahttp.InterceptorRouteProps",
    jsii_struct_bases=[],
    name_mapping={"spec": "spec", "metadata": "metadata"},
)
class InterceptorRouteProps:
    def __init__(
        self,
        *,
        spec: typing.Union["InterceptorRouteSpec", typing.Dict[builtins.str, typing.Any]],
        metadata: typing.Optional[typing.Union["_cdk8s_d3d9af27.ApiObjectMetadata", typing.Dict[builtins.str, typing.Any]]] = None,
    ) -> None:
        '''Which requests KEDA's HTTP add-on holds for a Service, and what it counts of them.

        :param spec: 
        :param metadata: 

        :schema: InterceptorRoute
        '''
        if isinstance(spec, dict):
            spec = InterceptorRouteSpec(**spec)
        if isinstance(metadata, dict):
            metadata = _cdk8s_d3d9af27.ApiObjectMetadata(**metadata)
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__d73adc4de7be6ee9a34e13bb438670ea70bdbc78a1a337cd315a3e8a82dcba61)
            check_type(argname="argument spec", value=spec, expected_type=type_hints["spec"])
            check_type(argname="argument metadata", value=metadata, expected_type=type_hints["metadata"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "spec": spec,
        }
        if metadata is not None:
            self._values["metadata"] = metadata

    @builtins.property
    def spec(self) -> "InterceptorRouteSpec":
        '''
        :schema: InterceptorRoute#spec
        '''
        result = self._values.get("spec")
        assert result is not None, "Required property 'spec' is missing"
        return typing.cast("InterceptorRouteSpec", result)

    @builtins.property
    def metadata(self) -> typing.Optional["_cdk8s_d3d9af27.ApiObjectMetadata"]:
        '''
        :schema: InterceptorRoute#metadata
        '''
        result = self._values.get("metadata")
        return typing.cast(typing.Optional["_cdk8s_d3d9af27.ApiObjectMetadata"], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "InterceptorRouteProps(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="shkedahttp.InterceptorRouteSpec",
    jsii_struct_bases=[],
    name_mapping={
        "scaling_metric": "scalingMetric",
        "target": "target",
        "cold_start": "coldStart",
        "proxy_mode": "proxyMode",
        "rules": "rules",
        "timeouts": "timeouts",
    },
)
class InterceptorRouteSpec:
    def __init__(
        self,
        *,
        scaling_metric: typing.Union["InterceptorRouteSpecScalingMetric", typing.Dict[builtins.str, typing.Any]],
        target: typing.Union["InterceptorRouteSpecTarget", typing.Dict[builtins.str, typing.Any]],
        cold_start: typing.Optional[typing.Union["InterceptorRouteSpecColdStart", typing.Dict[builtins.str, typing.Any]]] = None,
        proxy_mode: typing.Optional["InterceptorRouteSpecProxyMode"] = None,
        rules: typing.Optional[typing.Sequence[typing.Union["InterceptorRouteSpecRules", typing.Dict[builtins.str, typing.Any]]]] = None,
        timeouts: typing.Optional[typing.Union["InterceptorRouteSpecTimeouts", typing.Dict[builtins.str, typing.Any]]] = None,
    ) -> None:
        '''
        :param scaling_metric: At least one of the two.
        :param target: A Service of the same namespace, with one of port and portName.
        :param cold_start: 
        :param proxy_mode: Through the Service, or to the pods. Default: Service.
        :param rules: Requests that one of these fits; all where there is none.
        :param timeouts: Durations such as 30s; 0s is no limit.

        :schema: InterceptorRouteSpec
        '''
        if isinstance(scaling_metric, dict):
            scaling_metric = InterceptorRouteSpecScalingMetric(**scaling_metric)
        if isinstance(target, dict):
            target = InterceptorRouteSpecTarget(**target)
        if isinstance(cold_start, dict):
            cold_start = InterceptorRouteSpecColdStart(**cold_start)
        if isinstance(timeouts, dict):
            timeouts = InterceptorRouteSpecTimeouts(**timeouts)
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__92181d279708692754b1d909de05384bfcc85eee1a8ffe3e2816532d5bdf342f)
            check_type(argname="argument scaling_metric", value=scaling_metric, expected_type=type_hints["scaling_metric"])
            check_type(argname="argument target", value=target, expected_type=type_hints["target"])
            check_type(argname="argument cold_start", value=cold_start, expected_type=type_hints["cold_start"])
            check_type(argname="argument proxy_mode", value=proxy_mode, expected_type=type_hints["proxy_mode"])
            check_type(argname="argument rules", value=rules, expected_type=type_hints["rules"])
            check_type(argname="argument timeouts", value=timeouts, expected_type=type_hints["timeouts"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "scaling_metric": scaling_metric,
            "target": target,
        }
        if cold_start is not None:
            self._values["cold_start"] = cold_start
        if proxy_mode is not None:
            self._values["proxy_mode"] = proxy_mode
        if rules is not None:
            self._values["rules"] = rules
        if timeouts is not None:
            self._values["timeouts"] = timeouts

    @builtins.property
    def scaling_metric(self) -> "InterceptorRouteSpecScalingMetric":
        '''At least one of the two.

        :schema: InterceptorRouteSpec#scalingMetric
        '''
        result = self._values.get("scaling_metric")
        assert result is not None, "Required property 'scaling_metric' is missing"
        return typing.cast("InterceptorRouteSpecScalingMetric", result)

    @builtins.property
    def target(self) -> "InterceptorRouteSpecTarget":
        '''A Service of the same namespace, with one of port and portName.

        :schema: InterceptorRouteSpec#target
        '''
        result = self._values.get("target")
        assert result is not None, "Required property 'target' is missing"
        return typing.cast("InterceptorRouteSpecTarget", result)

    @builtins.property
    def cold_start(self) -> typing.Optional["InterceptorRouteSpecColdStart"]:
        '''
        :schema: InterceptorRouteSpec#coldStart
        '''
        result = self._values.get("cold_start")
        return typing.cast(typing.Optional["InterceptorRouteSpecColdStart"], result)

    @builtins.property
    def proxy_mode(self) -> typing.Optional["InterceptorRouteSpecProxyMode"]:
        '''Through the Service, or to the pods.

        Default: Service.

        :schema: InterceptorRouteSpec#proxyMode
        '''
        result = self._values.get("proxy_mode")
        return typing.cast(typing.Optional["InterceptorRouteSpecProxyMode"], result)

    @builtins.property
    def rules(self) -> typing.Optional[typing.List["InterceptorRouteSpecRules"]]:
        '''Requests that one of these fits;

        all where there is none.

        :schema: InterceptorRouteSpec#rules
        '''
        result = self._values.get("rules")
        return typing.cast(typing.Optional[typing.List["InterceptorRouteSpecRules"]], result)

    @builtins.property
    def timeouts(self) -> typing.Optional["InterceptorRouteSpecTimeouts"]:
        '''Durations such as 30s;

        0s is no limit.

        :schema: InterceptorRouteSpec#timeouts
        '''
        result = self._values.get("timeouts")
        return typing.cast(typing.Optional["InterceptorRouteSpecTimeouts"], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "InterceptorRouteSpec(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="shkedahttp.InterceptorRouteSpecColdStart",
    jsii_struct_bases=[],
    name_mapping={"fallback": "fallback"},
)
class InterceptorRouteSpecColdStart:
    def __init__(
        self,
        *,
        fallback: typing.Union["InterceptorRouteSpecColdStartFallback", typing.Dict[builtins.str, typing.Any]],
    ) -> None:
        '''
        :param fallback: A Service of the same namespace, with one of port and portName.

        :schema: InterceptorRouteSpecColdStart
        '''
        if isinstance(fallback, dict):
            fallback = InterceptorRouteSpecColdStartFallback(**fallback)
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__698148645eeedc3c7e2e94be5c0a95e2b27a09d54bebbf32efbd877a017d46b3)
            check_type(argname="argument fallback", value=fallback, expected_type=type_hints["fallback"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "fallback": fallback,
        }

    @builtins.property
    def fallback(self) -> "InterceptorRouteSpecColdStartFallback":
        '''A Service of the same namespace, with one of port and portName.

        :schema: InterceptorRouteSpecColdStart#fallback
        '''
        result = self._values.get("fallback")
        assert result is not None, "Required property 'fallback' is missing"
        return typing.cast("InterceptorRouteSpecColdStartFallback", result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "InterceptorRouteSpecColdStart(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="shkedahttp.InterceptorRouteSpecColdStartFallback",
    jsii_struct_bases=[],
    name_mapping={"service": "service", "port": "port", "port_name": "portName"},
)
class InterceptorRouteSpecColdStartFallback:
    def __init__(
        self,
        *,
        service: builtins.str,
        port: typing.Optional[jsii.Number] = None,
        port_name: typing.Optional[builtins.str] = None,
    ) -> None:
        '''A Service of the same namespace, with one of port and portName.

        :param service: 
        :param port: 
        :param port_name: 

        :schema: InterceptorRouteSpecColdStartFallback
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__6c961cc168ff92e8d2cf8f7600461423f1620ce6a13a4104f3c7f11e47ef6e1e)
            check_type(argname="argument service", value=service, expected_type=type_hints["service"])
            check_type(argname="argument port", value=port, expected_type=type_hints["port"])
            check_type(argname="argument port_name", value=port_name, expected_type=type_hints["port_name"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "service": service,
        }
        if port is not None:
            self._values["port"] = port
        if port_name is not None:
            self._values["port_name"] = port_name

    @builtins.property
    def service(self) -> builtins.str:
        '''
        :schema: InterceptorRouteSpecColdStartFallback#service
        '''
        result = self._values.get("service")
        assert result is not None, "Required property 'service' is missing"
        return typing.cast(builtins.str, result)

    @builtins.property
    def port(self) -> typing.Optional[jsii.Number]:
        '''
        :schema: InterceptorRouteSpecColdStartFallback#port
        '''
        result = self._values.get("port")
        return typing.cast(typing.Optional[jsii.Number], result)

    @builtins.property
    def port_name(self) -> typing.Optional[builtins.str]:
        '''
        :schema: InterceptorRouteSpecColdStartFallback#portName
        '''
        result = self._values.get("port_name")
        return typing.cast(typing.Optional[builtins.str], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "InterceptorRouteSpecColdStartFallback(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.enum(jsii_type="shkedahttp.InterceptorRouteSpecProxyMode")
class InterceptorRouteSpecProxyMode(enum.Enum):
    '''Through the Service, or to the pods.

    Default: Service.

    :schema: InterceptorRouteSpecProxyMode
    '''

    SERVICE = "SERVICE"
    '''Service.'''
    ENDPOINT = "ENDPOINT"
    '''Endpoint.'''


@jsii.data_type(
    jsii_type="shkedahttp.InterceptorRouteSpecRules",
    jsii_struct_bases=[],
    name_mapping={"headers": "headers", "hosts": "hosts", "paths": "paths"},
)
class InterceptorRouteSpecRules:
    def __init__(
        self,
        *,
        headers: typing.Optional[typing.Sequence[typing.Union["InterceptorRouteSpecRulesHeaders", typing.Dict[builtins.str, typing.Any]]]] = None,
        hosts: typing.Optional[typing.Sequence[builtins.str]] = None,
        paths: typing.Optional[typing.Sequence[typing.Union["InterceptorRouteSpecRulesPaths", typing.Dict[builtins.str, typing.Any]]]] = None,
    ) -> None:
        '''
        :param headers: All of these.
        :param hosts: Any of these; "*.example.com" and "*" are allowed.
        :param paths: Any of these beginnings.

        :schema: InterceptorRouteSpecRules
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__70d4bba911c0bf07072825a79df18850f12e4d0267270c20f541d121d1ab9093)
            check_type(argname="argument headers", value=headers, expected_type=type_hints["headers"])
            check_type(argname="argument hosts", value=hosts, expected_type=type_hints["hosts"])
            check_type(argname="argument paths", value=paths, expected_type=type_hints["paths"])
        self._values: typing.Dict[builtins.str, typing.Any] = {}
        if headers is not None:
            self._values["headers"] = headers
        if hosts is not None:
            self._values["hosts"] = hosts
        if paths is not None:
            self._values["paths"] = paths

    @builtins.property
    def headers(
        self,
    ) -> typing.Optional[typing.List["InterceptorRouteSpecRulesHeaders"]]:
        '''All of these.

        :schema: InterceptorRouteSpecRules#headers
        '''
        result = self._values.get("headers")
        return typing.cast(typing.Optional[typing.List["InterceptorRouteSpecRulesHeaders"]], result)

    @builtins.property
    def hosts(self) -> typing.Optional[typing.List[builtins.str]]:
        '''Any of these;

        "*.example.com" and "*" are allowed.

        :schema: InterceptorRouteSpecRules#hosts
        '''
        result = self._values.get("hosts")
        return typing.cast(typing.Optional[typing.List[builtins.str]], result)

    @builtins.property
    def paths(self) -> typing.Optional[typing.List["InterceptorRouteSpecRulesPaths"]]:
        '''Any of these beginnings.

        :schema: InterceptorRouteSpecRules#paths
        '''
        result = self._values.get("paths")
        return typing.cast(typing.Optional[typing.List["InterceptorRouteSpecRulesPaths"]], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "InterceptorRouteSpecRules(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="shkedahttp.InterceptorRouteSpecRulesHeaders",
    jsii_struct_bases=[],
    name_mapping={"name": "name", "value": "value"},
)
class InterceptorRouteSpecRulesHeaders:
    def __init__(
        self,
        *,
        name: builtins.str,
        value: typing.Optional[builtins.str] = None,
    ) -> None:
        '''
        :param name: 
        :param value: Any value where unset.

        :schema: InterceptorRouteSpecRulesHeaders
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__db62f1db8eb7892808548b9f0854ace2202f3b0640dbafd5dc0266dee76eb5ce)
            check_type(argname="argument name", value=name, expected_type=type_hints["name"])
            check_type(argname="argument value", value=value, expected_type=type_hints["value"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "name": name,
        }
        if value is not None:
            self._values["value"] = value

    @builtins.property
    def name(self) -> builtins.str:
        '''
        :schema: InterceptorRouteSpecRulesHeaders#name
        '''
        result = self._values.get("name")
        assert result is not None, "Required property 'name' is missing"
        return typing.cast(builtins.str, result)

    @builtins.property
    def value(self) -> typing.Optional[builtins.str]:
        '''Any value where unset.

        :schema: InterceptorRouteSpecRulesHeaders#value
        '''
        result = self._values.get("value")
        return typing.cast(typing.Optional[builtins.str], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "InterceptorRouteSpecRulesHeaders(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="shkedahttp.InterceptorRouteSpecRulesPaths",
    jsii_struct_bases=[],
    name_mapping={"value": "value"},
)
class InterceptorRouteSpecRulesPaths:
    def __init__(self, *, value: builtins.str) -> None:
        '''
        :param value: 

        :schema: InterceptorRouteSpecRulesPaths
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__ba1b871a88a017d8444c2d788df33ff6054ae1d00764f91cfa995b79db06cd20)
            check_type(argname="argument value", value=value, expected_type=type_hints["value"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "value": value,
        }

    @builtins.property
    def value(self) -> builtins.str:
        '''
        :schema: InterceptorRouteSpecRulesPaths#value
        '''
        result = self._values.get("value")
        assert result is not None, "Required property 'value' is missing"
        return typing.cast(builtins.str, result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "InterceptorRouteSpecRulesPaths(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="shkedahttp.InterceptorRouteSpecScalingMetric",
    jsii_struct_bases=[],
    name_mapping={"concurrency": "concurrency", "request_rate": "requestRate"},
)
class InterceptorRouteSpecScalingMetric:
    def __init__(
        self,
        *,
        concurrency: typing.Optional[typing.Union["InterceptorRouteSpecScalingMetricConcurrency", typing.Dict[builtins.str, typing.Any]]] = None,
        request_rate: typing.Optional[typing.Union["InterceptorRouteSpecScalingMetricRequestRate", typing.Dict[builtins.str, typing.Any]]] = None,
    ) -> None:
        '''At least one of the two.

        :param concurrency: 
        :param request_rate: 

        :schema: InterceptorRouteSpecScalingMetric
        '''
        if isinstance(concurrency, dict):
            concurrency = InterceptorRouteSpecScalingMetricConcurrency(**concurrency)
        if isinstance(request_rate, dict):
            request_rate = InterceptorRouteSpecScalingMetricRequestRate(**request_rate)
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__553930b43612dcfbd1c99a40d04ae40848ddd504707ea7baa7f6bcf839e0e111)
            check_type(argname="argument concurrency", value=concurrency, expected_type=type_hints["concurrency"])
            check_type(argname="argument request_rate", value=request_rate, expected_type=type_hints["request_rate"])
        self._values: typing.Dict[builtins.str, typing.Any] = {}
        if concurrency is not None:
            self._values["concurrency"] = concurrency
        if request_rate is not None:
            self._values["request_rate"] = request_rate

    @builtins.property
    def concurrency(
        self,
    ) -> typing.Optional["InterceptorRouteSpecScalingMetricConcurrency"]:
        '''
        :schema: InterceptorRouteSpecScalingMetric#concurrency
        '''
        result = self._values.get("concurrency")
        return typing.cast(typing.Optional["InterceptorRouteSpecScalingMetricConcurrency"], result)

    @builtins.property
    def request_rate(
        self,
    ) -> typing.Optional["InterceptorRouteSpecScalingMetricRequestRate"]:
        '''
        :schema: InterceptorRouteSpecScalingMetric#requestRate
        '''
        result = self._values.get("request_rate")
        return typing.cast(typing.Optional["InterceptorRouteSpecScalingMetricRequestRate"], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "InterceptorRouteSpecScalingMetric(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="shkedahttp.InterceptorRouteSpecScalingMetricConcurrency",
    jsii_struct_bases=[],
    name_mapping={"target_value": "targetValue"},
)
class InterceptorRouteSpecScalingMetricConcurrency:
    def __init__(self, *, target_value: typing.Optional[jsii.Number] = None) -> None:
        '''
        :param target_value: Requests in flight for each replica. Default: 100.

        :schema: InterceptorRouteSpecScalingMetricConcurrency
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__52f62849ca99785e1089eeeb180af6cce21d2be3f4f5775d6a988be8bed8b1d6)
            check_type(argname="argument target_value", value=target_value, expected_type=type_hints["target_value"])
        self._values: typing.Dict[builtins.str, typing.Any] = {}
        if target_value is not None:
            self._values["target_value"] = target_value

    @builtins.property
    def target_value(self) -> typing.Optional[jsii.Number]:
        '''Requests in flight for each replica.

        Default: 100.

        :schema: InterceptorRouteSpecScalingMetricConcurrency#targetValue
        '''
        result = self._values.get("target_value")
        return typing.cast(typing.Optional[jsii.Number], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "InterceptorRouteSpecScalingMetricConcurrency(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="shkedahttp.InterceptorRouteSpecScalingMetricRequestRate",
    jsii_struct_bases=[],
    name_mapping={
        "granularity": "granularity",
        "target_value": "targetValue",
        "window": "window",
    },
)
class InterceptorRouteSpecScalingMetricRequestRate:
    def __init__(
        self,
        *,
        granularity: typing.Optional[builtins.str] = None,
        target_value: typing.Optional[jsii.Number] = None,
        window: typing.Optional[builtins.str] = None,
    ) -> None:
        '''
        :param granularity: Default: 1s.
        :param target_value: Requests a second for each replica. Default: 100.
        :param window: What the rate is taken over. Default: 1m.

        :schema: InterceptorRouteSpecScalingMetricRequestRate
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__591c127cbc7d513e243feb5c13b76268af6275c957594aa886e0006843b85d76)
            check_type(argname="argument granularity", value=granularity, expected_type=type_hints["granularity"])
            check_type(argname="argument target_value", value=target_value, expected_type=type_hints["target_value"])
            check_type(argname="argument window", value=window, expected_type=type_hints["window"])
        self._values: typing.Dict[builtins.str, typing.Any] = {}
        if granularity is not None:
            self._values["granularity"] = granularity
        if target_value is not None:
            self._values["target_value"] = target_value
        if window is not None:
            self._values["window"] = window

    @builtins.property
    def granularity(self) -> typing.Optional[builtins.str]:
        '''Default: 1s.

        :schema: InterceptorRouteSpecScalingMetricRequestRate#granularity
        '''
        result = self._values.get("granularity")
        return typing.cast(typing.Optional[builtins.str], result)

    @builtins.property
    def target_value(self) -> typing.Optional[jsii.Number]:
        '''Requests a second for each replica.

        Default: 100.

        :schema: InterceptorRouteSpecScalingMetricRequestRate#targetValue
        '''
        result = self._values.get("target_value")
        return typing.cast(typing.Optional[jsii.Number], result)

    @builtins.property
    def window(self) -> typing.Optional[builtins.str]:
        '''What the rate is taken over.

        Default: 1m.

        :schema: InterceptorRouteSpecScalingMetricRequestRate#window
        '''
        result = self._values.get("window")
        return typing.cast(typing.Optional[builtins.str], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "InterceptorRouteSpecScalingMetricRequestRate(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="shkedahttp.InterceptorRouteSpecTarget",
    jsii_struct_bases=[],
    name_mapping={"service": "service", "port": "port", "port_name": "portName"},
)
class InterceptorRouteSpecTarget:
    def __init__(
        self,
        *,
        service: builtins.str,
        port: typing.Optional[jsii.Number] = None,
        port_name: typing.Optional[builtins.str] = None,
    ) -> None:
        '''A Service of the same namespace, with one of port and portName.

        :param service: 
        :param port: 
        :param port_name: 

        :schema: InterceptorRouteSpecTarget
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__c29facbfd0a95c828b212ccf58b2f0ad59b0a6110c999ecab30c83c302e0d36f)
            check_type(argname="argument service", value=service, expected_type=type_hints["service"])
            check_type(argname="argument port", value=port, expected_type=type_hints["port"])
            check_type(argname="argument port_name", value=port_name, expected_type=type_hints["port_name"])
        self._values: typing.Dict[builtins.str, typing.Any] = {
            "service": service,
        }
        if port is not None:
            self._values["port"] = port
        if port_name is not None:
            self._values["port_name"] = port_name

    @builtins.property
    def service(self) -> builtins.str:
        '''
        :schema: InterceptorRouteSpecTarget#service
        '''
        result = self._values.get("service")
        assert result is not None, "Required property 'service' is missing"
        return typing.cast(builtins.str, result)

    @builtins.property
    def port(self) -> typing.Optional[jsii.Number]:
        '''
        :schema: InterceptorRouteSpecTarget#port
        '''
        result = self._values.get("port")
        return typing.cast(typing.Optional[jsii.Number], result)

    @builtins.property
    def port_name(self) -> typing.Optional[builtins.str]:
        '''
        :schema: InterceptorRouteSpecTarget#portName
        '''
        result = self._values.get("port_name")
        return typing.cast(typing.Optional[builtins.str], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "InterceptorRouteSpecTarget(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


@jsii.data_type(
    jsii_type="shkedahttp.InterceptorRouteSpecTimeouts",
    jsii_struct_bases=[],
    name_mapping={
        "readiness": "readiness",
        "request": "request",
        "response_header": "responseHeader",
    },
)
class InterceptorRouteSpecTimeouts:
    def __init__(
        self,
        *,
        readiness: typing.Optional[builtins.str] = None,
        request: typing.Optional[builtins.str] = None,
        response_header: typing.Optional[builtins.str] = None,
    ) -> None:
        '''Durations such as 30s;

        0s is no limit.

        :param readiness: How long a request waits for the first pod to be ready.
        :param request: The whole of a request.
        :param response_header: From the end of a request to the beginning of its answer. Default: 300s.

        :schema: InterceptorRouteSpecTimeouts
        '''
        if __debug__:
            type_hints = cached_type_hints(_typecheckingstub__f18cb048bbdc57deccbb4e10a51da52b04f582c8cccd4697dd4f296f30812fbb)
            check_type(argname="argument readiness", value=readiness, expected_type=type_hints["readiness"])
            check_type(argname="argument request", value=request, expected_type=type_hints["request"])
            check_type(argname="argument response_header", value=response_header, expected_type=type_hints["response_header"])
        self._values: typing.Dict[builtins.str, typing.Any] = {}
        if readiness is not None:
            self._values["readiness"] = readiness
        if request is not None:
            self._values["request"] = request
        if response_header is not None:
            self._values["response_header"] = response_header

    @builtins.property
    def readiness(self) -> typing.Optional[builtins.str]:
        '''How long a request waits for the first pod to be ready.

        :schema: InterceptorRouteSpecTimeouts#readiness
        '''
        result = self._values.get("readiness")
        return typing.cast(typing.Optional[builtins.str], result)

    @builtins.property
    def request(self) -> typing.Optional[builtins.str]:
        '''The whole of a request.

        :schema: InterceptorRouteSpecTimeouts#request
        '''
        result = self._values.get("request")
        return typing.cast(typing.Optional[builtins.str], result)

    @builtins.property
    def response_header(self) -> typing.Optional[builtins.str]:
        '''From the end of a request to the beginning of its answer.

        Default: 300s.

        :schema: InterceptorRouteSpecTimeouts#responseHeader
        '''
        result = self._values.get("response_header")
        return typing.cast(typing.Optional[builtins.str], result)

    def __eq__(self, rhs: typing.Any) -> builtins.bool:
        return isinstance(rhs, self.__class__) and rhs._values == self._values

    def __ne__(self, rhs: typing.Any) -> builtins.bool:
        return not (rhs == self)

    def __repr__(self) -> str:
        return "InterceptorRouteSpecTimeouts(%s)" % ", ".join(
            k + "=" + repr(v) for k, v in self._values.items()
        )


__all__ = [
    "InterceptorRoute",
    "InterceptorRouteProps",
    "InterceptorRouteSpec",
    "InterceptorRouteSpecColdStart",
    "InterceptorRouteSpecColdStartFallback",
    "InterceptorRouteSpecProxyMode",
    "InterceptorRouteSpecRules",
    "InterceptorRouteSpecRulesHeaders",
    "InterceptorRouteSpecRulesPaths",
    "InterceptorRouteSpecScalingMetric",
    "InterceptorRouteSpecScalingMetricConcurrency",
    "InterceptorRouteSpecScalingMetricRequestRate",
    "InterceptorRouteSpecTarget",
    "InterceptorRouteSpecTimeouts",
]

publication.publish()

def _typecheckingstub__dba16164ceb42611ec84f8f7c3eb16f3bc16643f315040569f62b8025caf16e5(
    scope: _constructs_77d1e7e8.Construct,
    id: builtins.str,
    *,
    spec: typing.Union[InterceptorRouteSpec, typing.Dict[builtins.str, typing.Any]],
    metadata: typing.Optional[typing.Union[_cdk8s_d3d9af27.ApiObjectMetadata, typing.Dict[builtins.str, typing.Any]]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__d73adc4de7be6ee9a34e13bb438670ea70bdbc78a1a337cd315a3e8a82dcba61(
    *,
    spec: typing.Union[InterceptorRouteSpec, typing.Dict[builtins.str, typing.Any]],
    metadata: typing.Optional[typing.Union[_cdk8s_d3d9af27.ApiObjectMetadata, typing.Dict[builtins.str, typing.Any]]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__92181d279708692754b1d909de05384bfcc85eee1a8ffe3e2816532d5bdf342f(
    *,
    scaling_metric: typing.Union[InterceptorRouteSpecScalingMetric, typing.Dict[builtins.str, typing.Any]],
    target: typing.Union[InterceptorRouteSpecTarget, typing.Dict[builtins.str, typing.Any]],
    cold_start: typing.Optional[typing.Union[InterceptorRouteSpecColdStart, typing.Dict[builtins.str, typing.Any]]] = None,
    proxy_mode: typing.Optional[InterceptorRouteSpecProxyMode] = None,
    rules: typing.Optional[typing.Sequence[typing.Union[InterceptorRouteSpecRules, typing.Dict[builtins.str, typing.Any]]]] = None,
    timeouts: typing.Optional[typing.Union[InterceptorRouteSpecTimeouts, typing.Dict[builtins.str, typing.Any]]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__698148645eeedc3c7e2e94be5c0a95e2b27a09d54bebbf32efbd877a017d46b3(
    *,
    fallback: typing.Union[InterceptorRouteSpecColdStartFallback, typing.Dict[builtins.str, typing.Any]],
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__6c961cc168ff92e8d2cf8f7600461423f1620ce6a13a4104f3c7f11e47ef6e1e(
    *,
    service: builtins.str,
    port: typing.Optional[jsii.Number] = None,
    port_name: typing.Optional[builtins.str] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__70d4bba911c0bf07072825a79df18850f12e4d0267270c20f541d121d1ab9093(
    *,
    headers: typing.Optional[typing.Sequence[typing.Union[InterceptorRouteSpecRulesHeaders, typing.Dict[builtins.str, typing.Any]]]] = None,
    hosts: typing.Optional[typing.Sequence[builtins.str]] = None,
    paths: typing.Optional[typing.Sequence[typing.Union[InterceptorRouteSpecRulesPaths, typing.Dict[builtins.str, typing.Any]]]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__db62f1db8eb7892808548b9f0854ace2202f3b0640dbafd5dc0266dee76eb5ce(
    *,
    name: builtins.str,
    value: typing.Optional[builtins.str] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__ba1b871a88a017d8444c2d788df33ff6054ae1d00764f91cfa995b79db06cd20(
    *,
    value: builtins.str,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__553930b43612dcfbd1c99a40d04ae40848ddd504707ea7baa7f6bcf839e0e111(
    *,
    concurrency: typing.Optional[typing.Union[InterceptorRouteSpecScalingMetricConcurrency, typing.Dict[builtins.str, typing.Any]]] = None,
    request_rate: typing.Optional[typing.Union[InterceptorRouteSpecScalingMetricRequestRate, typing.Dict[builtins.str, typing.Any]]] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__52f62849ca99785e1089eeeb180af6cce21d2be3f4f5775d6a988be8bed8b1d6(
    *,
    target_value: typing.Optional[jsii.Number] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__591c127cbc7d513e243feb5c13b76268af6275c957594aa886e0006843b85d76(
    *,
    granularity: typing.Optional[builtins.str] = None,
    target_value: typing.Optional[jsii.Number] = None,
    window: typing.Optional[builtins.str] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__c29facbfd0a95c828b212ccf58b2f0ad59b0a6110c999ecab30c83c302e0d36f(
    *,
    service: builtins.str,
    port: typing.Optional[jsii.Number] = None,
    port_name: typing.Optional[builtins.str] = None,
) -> None:
    """Type checking stubs"""
    pass

def _typecheckingstub__f18cb048bbdc57deccbb4e10a51da52b04f582c8cccd4697dd4f296f30812fbb(
    *,
    readiness: typing.Optional[builtins.str] = None,
    request: typing.Optional[builtins.str] = None,
    response_header: typing.Optional[builtins.str] = None,
) -> None:
    """Type checking stubs"""
    pass
