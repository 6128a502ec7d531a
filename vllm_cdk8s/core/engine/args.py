"""vLLM's settings by name and type, generated from the parsers of its releases; do not edit.

`make catalogue` writes this file and `options.json`, of which this is the sum over all releases.
"""

# ruff: noqa: E501 - one option a line, since the file is read by its differences
# fmt: off

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from typing_extensions import TypedDict


class EngineArgs(TypedDict, total=False):
    """The options of `vllm serve`, from vLLM 0.10.0 to 0.33.0; None removes a default of this package."""

    additional_config: Mapping[str, Any] | str | None
    aggregate_engine_logging: bool | None  # from 0.11.1
    all2all_backend: Literal["allgather_reducescatter", "deepep_high_throughput", "deepep_low_latency", "deepep_v2", "flashinfer_all2allv", "flashinfer_nvlink_one_sided", "flashinfer_nvlink_two_sided", "moonep", "mori", "mori_high_throughput", "mori_low_latency", "naive", "nixl_ep", "pplx"] | None  # from 0.11.1
    allow_credentials: bool | None
    allow_deprecated_quantization: bool | None  # from 0.14.0
    allowed_headers: Any | None
    allowed_local_media_path: str | None
    allowed_media_domains: Sequence[str] | str | None  # from 0.11.0
    allowed_methods: Any | None
    allowed_origins: Any | None
    anthropic_disabled_thinking_effort: Literal["auto", "high", "low", "max", "medium", "none", "xhigh"] | None  # from 0.31.0
    api_server_count: int | None
    async_scheduling: bool | None
    attention_backend: str | None  # from 0.13.0
    attention_config: Mapping[str, Any] | None  # from 0.13.0
    aux_output_config: Mapping[str, Any] | None  # from 0.31.0
    block_size: int | None
    calculate_kv_scales: bool | None  # to 0.27.1
    chat_template: str | None
    chat_template_content_format: Literal["auto", "openai", "string"] | None
    code_revision: str | None
    cohere_format: str | None  # from 0.27.0
    cohere_is_reasoning_model: bool | None  # from 0.27.0
    collect_detailed_traces: Sequence[Literal["all", "all,model", "all,worker", "model", "model,all", "model,worker", "worker", "worker,all", "worker,model"]] | str | None
    compilation_config: Mapping[str, Any] | None
    config: str | None
    config_format: str | None
    convert: Literal["auto", "classify", "embed", "mm_encoder_only", "none", "reward"] | None  # from 0.10.1
    cp_kv_cache_interleave_size: int | None  # from 0.12.0
    cpu_distributed_timeout_seconds: int | None  # from 0.22.0
    cpu_offload_gb: float | None
    cpu_offload_params: Sequence[str] | str | None  # from 0.17.0
    cuda_graph_sizes: Sequence[int] | int | None  # to 0.12.0
    cudagraph_capture_sizes: Sequence[int] | int | None  # from 0.11.1
    cudagraph_metrics: bool | None  # from 0.13.0
    custom_histogram_buckets: Mapping[str, Any] | None  # from 0.32.0
    data_parallel_address: str | None
    data_parallel_backend: str | None
    data_parallel_external_lb: bool | None  # from 0.11.1
    data_parallel_hybrid_lb: bool | None
    data_parallel_multi_port_external_lb: bool | None  # from 0.22.0
    data_parallel_rank: int | None
    data_parallel_rpc_port: int | None
    data_parallel_size: int | None
    data_parallel_size_local: int | None
    data_parallel_start_rank: int | None
    data_parallel_supervisor_port: int | None  # from 0.22.0
    dbo_decode_token_threshold: int | None  # from 0.11.0
    dbo_prefill_token_threshold: int | None  # from 0.11.0
    dcp_comm_backend: Literal["a2a", "ag_rs"] | None  # from 0.18.0
    dcp_kv_cache_interleave_size: int | None  # from 0.11.1
    dcp_q_replicate: bool | None  # from 0.29.0
    decode_context_parallel_size: int | None  # from 0.10.2
    default_chat_template_kwargs: Any | None  # from 0.14.0
    default_mm_loras: Mapping[str, Any] | None
    device_ids: Sequence[str | int] | str | None  # from 0.24.0
    diffusion_config: Mapping[str, Any] | None  # from 0.24.0
    disable_access_log_for_endpoints: str | None  # from 0.16.0
    disable_async_output_proc: bool | None  # to 0.10.2
    disable_cascade_attn: bool | None
    disable_chunked_mm_input: bool | None
    disable_custom_all_reduce: bool | None
    disable_fastapi_docs: bool | None
    disable_frontend_multiprocessing: bool | None  # to 0.18.1
    disable_hybrid_kv_cache_manager: bool | None
    disable_log_requests: bool | None  # to 0.16.0
    disable_log_stats: bool | None
    disable_mm_preprocessor_cache: bool | None  # to 0.12.0
    disable_nccl_for_dp_synchronization: bool | None  # from 0.11.1
    disable_sliding_window: bool | None
    disable_uvicorn_access_log: bool | None
    distributed_executor_backend: str | None
    distributed_timeout_seconds: int | None  # from 0.18.0
    download_dir: str | None
    dp_supervisor_probe_failure_threshold: int | None  # from 0.22.0
    dp_supervisor_probe_interval_s: float | None  # from 0.22.0
    dp_supervisor_probe_timeout_s: float | None  # from 0.22.0
    dp_sync_interval: int | None  # from 0.30.0
    dtype: Literal["auto", "bfloat16", "float", "float16", "float32", "half"] | None
    ec_manager_config: Mapping[str, Any] | None  # from 0.28.0
    ec_transfer_config: Mapping[str, Any] | None  # from 0.11.1
    elastic_ep_max_dp_size: int | None  # from 0.30.0
    enable_auto_tool_choice: bool | None
    enable_batch_sharded_sampling: bool | None  # from 0.29.0
    enable_bf16x3_router_gemm: bool | None  # 0.26.0 to 0.29.0
    enable_chunked_prefill: bool | None
    enable_cumem_allocator: bool | None  # from 0.22.0
    enable_dbo: bool | None  # from 0.11.0
    enable_elastic_ep: bool | None  # from 0.17.0
    enable_ep_weight_filter: bool | None  # from 0.18.0
    enable_eplb: bool | None
    enable_expert_parallel: bool | None
    enable_fault_tolerance: bool | None  # from 0.27.0
    enable_flash_late_interaction: bool | None  # from 0.20.0
    enable_flashinfer_autotune: bool | None  # from 0.16.0
    enable_force_include_usage: bool | None
    enable_hc_sp: bool | None  # from 0.32.0
    enable_layerwise_nvtx_tracing: bool | None  # from 0.13.0
    enable_log_deltas: bool | None  # from 0.14.0
    enable_log_outputs: bool | None  # from 0.10.1
    enable_log_requests: bool | None  # from 0.10.1
    enable_logging_iteration_details: bool | None  # from 0.14.0
    enable_lora: bool | None
    enable_lora_bias: bool | None  # to 0.11.0
    enable_mamba_cache_stochastic_rounding: bool | None  # from 0.20.0
    enable_mamba_fine_grained_prefix_cache: bool | None  # only 0.30.0
    enable_mamba_shared_prefix_checkpoint: bool | None  # from 0.31.0
    enable_mfu_metrics: bool | None  # from 0.14.0
    enable_mixed_moe_lora_format: bool | None  # from 0.22.0
    enable_mm_embeds: bool | None  # from 0.11.1
    enable_moe_shared_loras: bool | None  # from 0.26.0
    enable_multimodal_encoder_data_parallel: bool | None  # to 0.12.0
    enable_nccl_comm_suspend: bool | None  # from 0.30.0
    enable_offline_docs: bool | None  # from 0.14.0
    enable_per_request_metrics: bool | None  # from 0.25.0
    enable_prefix_caching: bool | None
    enable_prompt_adapter: bool | None  # to 0.10.1.1
    enable_prompt_embeds: bool | None
    enable_prompt_tokens_details: bool | None
    enable_request_id_headers: bool | None
    enable_return_routed_experts: bool | None  # from 0.14.0
    enable_scale_out: bool | None  # from 0.30.0
    enable_server_load_tracking: bool | None
    enable_shm_tensor_arena: bool | None  # from 0.32.0
    enable_sleep_mode: bool | None
    enable_ssl_refresh: bool | None
    enable_tokenizer_info_endpoint: bool | None
    enable_tower_connector_lora: bool | None  # from 0.14.0
    enable_trace_replay: bool | None  # from 0.29.0
    enforce_eager: bool | None
    engram_config: Mapping[str, Any] | None  # from 0.30.0
    eplb_config: Mapping[str, Any] | None  # from 0.10.2
    eplb_log_balancedness: bool | None  # to 0.11.2
    eplb_step_interval: int | None  # to 0.11.2
    eplb_window_size: int | None  # to 0.11.2
    exclude_tools_when_tool_choice_none: bool | None  # from 0.10.1
    expert_placement_strategy: Literal["linear", "round_robin"] | None  # from 0.11.0
    fail_on_environ_validation: bool | None  # from 0.17.0
    fault_tolerance_config: Mapping[str, Any] | None  # from 0.27.0
    fingerprint_mode: Literal["custom", "full", "hash", "none"] | None  # from 0.21.0
    fingerprint_value: str | None  # from 0.21.0
    fully_sharded_loras: bool | None
    gdn_prefill_backend: Literal["aiter_flydsl", "cutedsl", "flashinfer", "sycl", "triton"] | None  # from 0.18.0
    generation_config: str | None
    gpu_memory_utilization: float | None
    grpc: bool | None  # from 0.20.0
    grpc_port: int | None  # from 0.32.0
    guided_decoding_backend: str | None  # to 0.11.2
    guided_decoding_disable_additional_properties: Any | None  # to 0.11.2
    guided_decoding_disable_any_whitespace: Any | None  # to 0.11.2
    guided_decoding_disable_fallback: Any | None  # to 0.11.2
    h11_max_header_count: int | None  # from 0.10.1.1
    h11_max_incomplete_event_size: int | None  # from 0.10.1.1
    headless: bool | None
    hf_config_path: str | None
    hf_overrides: Mapping[str, Any] | str | None
    ignore_patterns: Sequence[str] | str | None
    interleave_mm_strings: bool | None
    io_processor_plugin: str | None  # from 0.10.2
    ir_op_priority: Mapping[str, Any] | None  # from 0.20.0
    jit_monitor_mode: Literal["error", "warn"] | None  # from 0.25.0
    jit_monitor_verbose: bool | None  # from 0.24.0
    kda_decode_backend: Literal["auto", "flashinfer", "native", "triton"] | None  # from 0.30.0
    kda_prefill_backend: Literal["auto", "flashinfer", "flashkda", "fused", "triton"] | None  # from 0.27.0
    kernel_config: Mapping[str, Any] | None  # from 0.16.0
    kv_cache_dtype: str | None
    kv_cache_dtype_skip_layers: Sequence[str] | str | None  # from 0.19.0
    kv_cache_memory_bytes: int | str | None  # from 0.10.2
    kv_cache_metrics: bool | None  # from 0.12.0
    kv_cache_metrics_sample: float | None  # from 0.12.0
    kv_events_config: Mapping[str, Any] | None
    kv_offloading_backend: Literal["lmcache", "native"] | None  # from 0.11.1
    kv_offloading_size: float | None  # from 0.11.1
    kv_sharing_fast_prefill: bool | None  # from 0.10.1
    kv_transfer_config: Mapping[str, Any] | None
    language_model_only: bool | None  # from 0.17.0
    limit_mm_per_prompt: Mapping[str, Any] | None
    linear_backend: Literal["aiter", "auto", "b12x", "conch", "cutlass", "deep_gemm", "emulation", "exllama", "fbgemm", "flashinfer_b12x", "flashinfer_cudnn", "flashinfer_cutedsl", "flashinfer_cutlass", "flashinfer_trtllm", "humming", "machete", "marlin", "torch", "triton", "xpu", "xpu_woq"] | None  # from 0.22.0
    load_format: str | None
    log_config_file: str | None
    log_error_stack: bool | None  # from 0.10.2
    log_level: Literal["CRITICAL", "DEBUG", "ERROR", "INFO", "NOTSET", "WARNING"] | None  # from 0.31.0
    logging_config: Mapping[str, Any] | None  # from 0.31.0
    logits_processor_pattern: str | None  # to 0.16.0
    logits_processors: Sequence[str] | str | None  # from 0.10.1
    logprobs_mode: Literal["processed_logits", "processed_logprobs", "raw_logits", "raw_logprobs"] | None
    long_prefill_token_threshold: int | None
    long_prefill_token_threshold_adaptive: bool | None  # from 0.31.0
    lora_dtype: Literal["auto", "bfloat16", "float16"] | None
    lora_extra_vocab_size: int | None  # to 0.11.2
    lora_modules: Sequence[str] | str | None
    lora_target_modules: Sequence[str] | str | None  # from 0.19.0
    mamba_backend: str | None  # from 0.20.0
    mamba_block_size: int | None  # from 0.11.1
    mamba_cache_dtype: Literal["auto", "bfloat16", "float16", "float32"] | None  # from 0.10.1
    mamba_cache_mode: Literal["align", "all", "none"] | None  # from 0.15.0
    mamba_cache_philox_rounds: int | None  # from 0.20.0
    mamba_ssm_cache_dtype: Literal["auto", "bfloat16", "float16", "float32"] | None  # from 0.10.1
    mamba_ssu_algorithm: Literal["auto", "horizontal", "simple", "vertical"] | None  # from 0.27.0
    master_addr: str | None  # from 0.11.1
    master_port: int | None  # from 0.11.1
    max_cpu_loras: int | None
    max_cudagraph_capture_size: int | None  # from 0.11.1
    max_log_len: int | None
    max_logprobs: int | None
    max_long_partial_prefills: int | None  # to 0.26.0
    max_lora_cls_labels: int | None  # from 0.31.0
    max_lora_rank: int | None
    max_loras: int | None
    max_model_len: int | str | None
    max_num_active_seqs: int | None  # from 0.31.0
    max_num_batched_tokens: int | str | None
    max_num_partial_prefills: int | None  # to 0.26.0
    max_num_queued_reqs: int | None  # from 0.29.0
    max_num_queued_tokens: int | str | None  # from 0.29.0
    max_num_scheduled_tokens: int | str | None  # from 0.26.0
    max_num_seqs: int | None
    max_parallel_loading_workers: int | None
    max_seq_len_to_capture: int | None  # to 0.10.2
    media_io_kwargs: Mapping[str, Any] | None
    middleware: Sequence[str] | str | None
    mm_device_do_normalize: bool | None  # from 0.28.0
    mm_encoder_attn_backend: str | None  # from 0.11.1
    mm_encoder_attn_dtype: Literal["fp8"] | None  # from 0.21.0
    mm_encoder_fp8_scale_path: str | None  # from 0.21.0
    mm_encoder_fp8_scale_save_margin: float | None  # from 0.21.0
    mm_encoder_fp8_scale_save_path: str | None  # from 0.21.0
    mm_encoder_only: bool | None  # from 0.15.0
    mm_encoder_tp_mode: Literal["data", "weights"] | None  # from 0.10.2
    mm_hasher_algorithm: Literal["blake3", "sha256", "sha512"] | None  # from 0.27.0
    mm_ipc_gpu_memory_gb: float | None  # from 0.25.0
    mm_processor_cache_gb: float | None  # from 0.10.1
    mm_processor_cache_type: Literal["lru", "shm"] | None  # from 0.11.0
    mm_processor_device: Literal["auto", "cpu", "cuda"] | None  # from 0.28.0
    mm_processor_kwargs: Mapping[str, Any] | None
    mm_shm_cache_max_object_size_mb: int | None  # from 0.11.0
    mm_tensor_ipc: Literal["direct_rpc", "torch_shm"] | None  # from 0.19.0
    model_class_overrides: Mapping[str, Any] | None  # from 0.25.0
    model_impl: str | None
    model_loader_extra_config: Mapping[str, Any] | str | None
    moe_backend: Literal["aiter", "aiter_mega_moe", "aiter_triton_mxfp4_bf16", "aiter_triton_mxfp4_mxfp4", "auto", "b12x", "batched_triton", "cutlass", "deep_gemm", "deep_gemm_mega_moe", "emulation", "flashinfer_b12x", "flashinfer_cutedsl", "flashinfer_cutlass", "flashinfer_moe_ep_cutedsl", "flashinfer_moe_ep_mega_cutedsl", "flashinfer_moe_ep_mega_deep_gemm", "flashinfer_trtllm", "flydsl", "hpc", "humming", "marlin", "rdna3", "triton", "triton_unfused"] | None  # from 0.17.0
    monokernel: bool | None  # from 0.33.0
    multi_step_stream_outputs: bool | None  # to 0.10.0
    nnodes: int | None  # from 0.11.1
    node_rank: int | None  # from 0.11.1
    num_gpu_blocks_override: int | None
    num_lookahead_slots: int | None  # to 0.11.2
    num_redundant_experts: int | None  # to 0.11.2
    num_scheduler_steps: int | None  # to 0.10.0
    numa_bind: bool | None  # from 0.20.0
    numa_bind_cpus: Sequence[str] | str | None  # from 0.20.0
    numa_bind_nodes: Sequence[int] | int | None  # from 0.20.0
    offload_backend: Literal["auto", "prefetch", "uva"] | None  # from 0.17.0
    offload_group_size: int | None  # from 0.17.0
    offload_num_in_group: int | None  # from 0.17.0
    offload_params: Sequence[str] | str | None  # from 0.17.0
    offload_prefetch_step: int | None  # from 0.17.0
    optimization_level: int | str | None  # from 0.12.0
    otlp_traces_endpoint: str | None
    override_attention_dtype: str | None  # to 0.27.1
    override_generation_config: Mapping[str, Any] | None
    override_neuron_config: Mapping[str, Any] | None  # to 0.10.1.1
    override_pooler_config: Mapping[str, Any] | str | None  # to 0.11.2
    per_request_spec_decode_metrics: Literal["detailed", "none", "summary"] | None  # from 0.29.0
    performance_mode: Literal["balanced", "interactivity", "throughput"] | None  # from 0.17.0
    pipeline_parallel_size: int | None
    pooler_config: Mapping[str, Any] | None  # from 0.11.0
    preemption_mode: Literal["recompute", "swap"] | None  # to 0.10.2
    prefill_context_parallel_size: int | None  # from 0.12.0
    prefill_schedule_interval: int | None  # from 0.24.0
    prefix_cache_retention_interval: int | None  # from 0.29.0
    prefix_caching_hash_algo: Literal["builtin", "sha256", "sha256_cbor", "sha256_cbor_64bit", "xxhash", "xxhash_cbor"] | None
    prefix_match_unit: int | None  # from 0.26.0
    profiler_config: Mapping[str, Any] | None  # from 0.13.0
    pt_load_map_location: Mapping[str, Any] | str | None
    quantization: str | None
    quantization_config: Mapping[str, Any] | None  # from 0.22.0
    ray_workers_use_nsight: bool | None
    reasoning_config: Mapping[str, Any] | None  # from 0.19.0
    reasoning_effort_map: Any | None  # from 0.33.0
    reasoning_parser: str | None
    reasoning_parser_plugin: str | None  # from 0.11.1
    renderer_num_workers: int | None  # from 0.19.0
    replayssm_buffer_len: int | None  # from 0.27.0
    response_role: str | None
    return_sampling_mask: bool | None  # from 0.28.0
    return_tokens_as_token_ids: bool | None
    revision: str | None
    root_path: str | None
    rope_scaling: Mapping[str, Any] | None  # to 0.11.0
    rope_theta: float | None  # to 0.11.0
    runner: Literal["auto", "draft", "generate", "pooling"] | None  # from 0.10.1
    safetensors_load_strategy: str | None  # from 0.10.2
    safetensors_prefetch_block_size: int | str | None  # from 0.21.0
    safetensors_prefetch_num_threads: int | None  # from 0.21.0
    scheduler_cls: str | None
    scheduler_delay_factor: float | None  # to 0.10.2
    scheduler_reserve_full_isl: bool | None  # from 0.19.0
    scheduling_policy: Literal["fcfs", "priority"] | None
    seed: int | None
    served_model_name: Sequence[str] | str | None
    show_hidden_metrics_for_version: str | None
    shutdown_timeout: int | None  # from 0.18.0
    skip_mm_profiling: bool | None  # from 0.10.1
    skip_tokenizer_init: bool | None
    sleep_mode_backend: str | None  # from 0.33.0
    sleep_mode_offload_cudagraph: bool | None  # from 0.32.0
    sleep_preserve_parameter_names: Sequence[str] | str | None  # from 0.31.0
    sparse_indexer_topk_backend: Literal["aiter", "auto", "cooperative", "deep_select", "flashinfer", "per_row", "persistent", "torch"] | None  # from 0.30.0
    spec_method: Literal["bailing_hybrid_mtp", "bailing_hybrid_v3_mtp", "custom_class", "deepseek_mtp", "dflash", "dots3_note_mtp", "draft_model", "dspark", "eagle", "eagle3", "ernie_mtp", "exaone4_5_mtp", "exaone_moe_mtp", "extract_hidden_states", "gemma4_mtp", "glm4_moe_lite_mtp", "glm4_moe_mtp", "glm5_next_mtp", "glm_ocr_mtp", "hy_v3_mtp", "hy_v4_mtp", "inkling_mtp", "kimi_k3_mtp", "longcat_flash_mtp", "medusa", "mimo_mtp", "mimo_v2_mtp", "minimax_m3_mtp", "mlp_speculator", "mtp", "nemotron_h_mtp", "ngram", "ngram_gpu", "pangu_ultra_moe_mtp", "qwen3_5_mtp", "qwen3_next_mtp", "qwen4_exp_mtp", "step3p5_mtp", "step5_mtp", "suffix"] | None  # from 0.22.0
    spec_model: str | None  # from 0.22.0
    spec_tokens: int | None  # from 0.22.0
    specialize_active_lora: bool | None  # from 0.16.0
    speculative_config: Mapping[str, Any] | None
    sse_keep_alive_interval: int | None  # from 0.29.0
    ssl_ca_certs: str | None
    ssl_cert_reqs: int | None
    ssl_certfile: str | None
    ssl_ciphers: str | None  # from 0.15.0
    ssl_keyfile: str | None
    stream_interval: int | None  # from 0.11.1
    structured_outputs_config: Mapping[str, Any] | None  # from 0.11.0
    swa_bounded_replay: bool | None  # from 0.31.0
    swap_space: float | None  # to 0.17.1
    task: Literal["auto", "classify", "draft", "embed", "embedding", "generate", "reward", "score", "transcription"] | None  # to 0.12.0
    tensor_parallel_size: int | None
    tokenizer: str | None
    tokenizer_mode: str | None
    tokenizer_revision: str | None
    tokens_only: bool | None  # from 0.11.1
    tool_call_parser: str | None
    tool_parser_plugin: str | None
    tool_server: str | None  # from 0.10.1
    tool_strict_level: Literal["auto", "function", "parameter"] | None  # from 0.31.0
    trust_remote_code: bool | None
    trust_request_chat_template: bool | None  # from 0.11.0
    trust_request_mm_kwargs: bool | None  # from 0.31.0
    ubatch_size: int | None  # from 0.14.0
    uds: str | None  # from 0.10.1
    use_fp64_gumbel: bool | None  # from 0.22.0
    use_gpu_for_pooling_score: bool | None  # 0.17.0 to 0.17.1
    use_replayssm: bool | None  # from 0.27.0
    use_tqdm_on_load: bool | None
    uvicorn_log_level: Literal["critical", "debug", "error", "info", "trace", "warning"] | None
    video_pruning_method: Literal["evs", "vidcom2"] | None  # from 0.27.0
    video_pruning_rate: float | None  # from 0.11.0
    watchdog_config: Mapping[str, Any] | None  # from 0.33.0
    watermark: float | None  # from 0.24.0
    watermark_config: Mapping[str, Any] | None  # from 0.30.0
    weight_transfer_config: Mapping[str, Any] | None  # from 0.16.0
    worker_cls: str | None
    worker_extension_cls: str | None
