"""A manifest of each custom resource in crds/, as users write them."""

EXAMPLES = {
    "DisaggregatedSet": """
apiVersion: disaggregatedset.x-k8s.io/v1
kind: DisaggregatedSet
metadata: {name: a}
spec:
  slices: 2
  placementPolicy: {type: ExclusiveSlice, topology: topology.kubernetes.io/rack}
  roles:
    - name: prefill
      metadata: {labels: {kueue.x-k8s.io/queue-name: llm}, annotations: {a: b}}
      scaling: {mode: External}
      spec:
        leaderWorkerTemplate:
          size: 1
          restartPolicy: None
          workerTemplate:
            spec: {containers: [{name: vllm, image: vllm/vllm-openai}]}
    - name: decode
      spec:
        replicas: 2
        startupPolicy: LeaderCreated
        rolloutStrategy: {type: RollingUpdate, rollingUpdateConfiguration: {maxUnavailable: 1, maxSurge: 0}}
        leaderWorkerTemplate:
          size: 2
          leaderTemplate:
            metadata: {labels: {role: leader}}
            spec: {containers: [{name: vllm, image: vllm/vllm-openai}]}
          workerTemplate:
            spec: {containers: [{name: vllm, image: vllm/vllm-openai}]}
""",
    "ScaledObject": """
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: a}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}
  minReplicaCount: 0
  maxReplicaCount: 4
  cooldownPeriod: 900
  fallback: {failureThreshold: 3, replicas: 1, behavior: currentReplicasIfHigher}
  advanced:
    horizontalPodAutoscalerConfig:
      behavior: {scaleDown: {stabilizationWindowSeconds: 600, policies: [{type: Pods, value: 1, periodSeconds: 60}]}}
  triggers:
    - type: prometheus
      metricType: AverageValue
      metadata: {serverAddress: http://prometheus:9090, query: sum(x), threshold: "5", ignoreNullValues: "false"}
      authenticationRef: {name: a}
""",
    "InterceptorRoute": """
apiVersion: http.keda.sh/v1beta1
kind: InterceptorRoute
metadata: {name: a}
spec:
  target: {service: a, port: 8000}
  rules:
    - hosts: [llm.example.com]
      paths: [{value: /v1}]
      headers: [{name: x-tenant}]
  scalingMetric: {concurrency: {targetValue: 32}, requestRate: {targetValue: 2, window: 1m, granularity: 1s}}
  proxyMode: Service
  timeouts: {readiness: 900s, request: 0s, responseHeader: 3600s}
  coldStart: {fallback: {service: b, portName: http}}
""",
    "TriggerAuthentication": """
apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata: {name: a}
spec:
  secretTargetRef: [{parameter: bearerToken, name: prometheus, key: token}]
""",
    "PodMonitor": """
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: a, labels: {release: prometheus}}
spec:
  selector: {matchLabels: {app.kubernetes.io/instance: prod}}
  podMetricsEndpoints:
    - port: http
      path: /metrics
      interval: 30s
      scrapeTimeout: 10s
      relabelings: [{action: labeldrop, regex: pod_template_hash}]
""",
    "ServiceMonitor": """
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: a}
spec:
  selector: {matchLabels: {app.kubernetes.io/instance: prod}}
  namespaceSelector: {matchNames: [default]}
  endpoints:
    - port: http
      interval: 1m30s
      authorization: {credentials: {name: vllm-api-key, key: key}}
""",
    "PrometheusRule": """
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: a}
spec:
  groups:
    - name: vllm
      interval: 1m
      rules:
        - alert: VllmDown
          expr: absent(up == 1)
          for: 5m
          keep_firing_for: 10m
          labels: {severity: critical}
          annotations: {summary: No server is up.}
""",
    "HTTPRoute": """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: a}
spec:
  parentRefs: [{name: gateway, namespace: infra, sectionName: https}]
  hostnames: ["*.example.com"]
  rules:
    - matches: [{path: {type: PathPrefix, value: /v1}, headers: [{name: x-tenant, value: a}]}]
      filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]
      backendRefs: [{name: prod-vllm, port: 8000, weight: 1}]
      timeouts: {request: 600s}
""",
    "InferencePool": """
apiVersion: inference.networking.k8s.io/v1
kind: InferencePool
metadata: {name: a}
spec:
  selector: {matchLabels: {app.kubernetes.io/instance: prod}}
  targetPorts: [{number: 8000}]
  endpointPickerRef: {name: picker, port: {number: 9002}, failureMode: FailOpen}
""",
    "InferenceObjective": """
apiVersion: llm-d.ai/v1alpha2
kind: InferenceObjective
metadata: {name: a}
spec:
  priority: -10
  poolRef: {group: inference.networking.k8s.io, kind: InferencePool, name: a}
""",
    "LeaderWorkerSet": """
apiVersion: leaderworkerset.x-k8s.io/v1
kind: LeaderWorkerSet
metadata: {name: a}
spec:
  replicas: 1
  startupPolicy: LeaderCreated
  rolloutStrategy: {type: RollingUpdate, rollingUpdateConfiguration: {maxUnavailable: 1, maxSurge: 0}}
  leaderWorkerTemplate:
    size: 2
    restartPolicy: RecreateGroupOnPodRestart
    leaderTemplate:
      metadata: {labels: {role: leader}}
      spec: {containers: [{name: vllm, image: vllm/vllm-openai}]}
    workerTemplate:
      spec: {containers: [{name: vllm, image: vllm/vllm-openai}]}
    volumeClaimTemplates:
      - metadata: {name: cache}
        spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
""",
    "RayCluster": """
apiVersion: ray.io/v1
kind: RayCluster
metadata: {name: a}
spec:
  rayVersion: "2.50.0"
  autoscalerOptions: {env: [{name: A, value: b}], resources: {limits: {cpu: 500m}}}
  gcsFaultToleranceOptions:
    redisAddress: redis:6379
    redisPassword: {valueFrom: {secretKeyRef: {name: redis, key: password}}}
  headGroupSpec:
    rayStartParams: {dashboard-host: 0.0.0.0}
    headService: {spec: {type: ClusterIP}}
    template:
      spec: {containers: [{name: vllm, image: vllm/vllm-openai}]}
  workerGroupSpecs:
    - groupName: gpu
      replicas: 1
      minReplicas: 1
      maxReplicas: 1
      rayStartParams: {}
      template:
        spec: {containers: [{name: vllm, image: vllm/vllm-openai}]}
""",
    "RayService": """
apiVersion: ray.io/v1
kind: RayService
metadata: {name: a}
spec:
  serveConfigV2: "applications: []"
  upgradeStrategy: {type: NewCluster}
  serveService: {metadata: {name: a-serve}}
  rayClusterConfig:
    headGroupSpec:
      rayStartParams: {}
      template:
        spec: {containers: [{name: vllm, image: vllm/vllm-openai}]}
""",
}
