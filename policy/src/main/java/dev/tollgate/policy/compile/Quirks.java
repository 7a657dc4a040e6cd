package dev.tollgate.policy.compile;

import java.util.List;

/**
 * How the servers of the chat completions dialect deviate from it: names that {@code
 * dev.tollgate.dialects.deviation.Deviation} gives a meaning. What is said of a provider here was
 * taken, in November 2026, from the source that its list names; who ignores what it does not know
 * is spared only what would change an answer in silence.
 */
final class Quirks {

    /** Servers of unknown age: the output limit goes under both its names. */
    static final List<String> ANY_SERVER = List.of("max_tokens");

    /** groq/groq-python, chat/completion_create_params.py and chat_completion_*_param.py. */
    static final List<String> GROQ =
            List.of(
                    "one_choice",
                    "no_logit_bias",
                    "no_logprobs",
                    "no_hints",
                    "no_metadata",
                    "no_prompt_cache_key",
                    "no_prediction",
                    "no_modalities",
                    "no_default_service_tier",
                    "no_web_search",
                    "groq_effort",
                    "closed_messages",
                    "no_message_names",
                    "history_without_reasoning_content");

    /**
     * mistralai/client-python, models/chatcompletionrequest.py, *message.py and
     * embeddingrequest.py; what is not there is answered with 422 extra_forbidden
     * (editor-code-assistant/eca#231, stream_options: avante-corp/avante.nvim#2347).
     */
    static final List<String> MISTRAL =
            List.of(
                    "only_max_tokens",
                    "no_stream_options",
                    "random_seed",
                    "no_logit_bias",
                    "no_logprobs",
                    "no_hints",
                    "no_user",
                    "no_service_tier",
                    "no_modalities",
                    "no_web_search",
                    "no_developer_role",
                    "mistral_effort",
                    "closed_messages",
                    "no_message_names",
                    "history_without_reasoning",
                    "call_ids_of_9",
                    "output_dimension");

    /**
     * docs.x.ai, reasoning: no penalties and no stop; n8n-io/n8n#14581 for penalties of older
     * models, NousResearch/hermes-agent#23435 for the effort by model.
     */
    static final List<String> XAI =
            List.of("no_penalties", "no_logit_bias", "xai_stop", "xai_effort");

    /**
     * api-docs.deepseek.com, create-chat-completion; llm-exe/llm-exe#662 for JSON schemas,
     * theopenco/llmgateway#3462 for the role.
     */
    static final List<String> DEEPSEEK =
            List.of(
                    "max_tokens",
                    "one_choice",
                    "no_json_schema",
                    "no_web_search",
                    "no_developer_role",
                    "reasoning_content");

    /** openrouter.ai/docs, reasoning tokens: details go back as they came. */
    static final List<String> OPENROUTER = List.of("max_tokens", "reasoning_details");

    /** togethercomputer/openapi. */
    static final List<String> TOGETHER =
            List.of("max_tokens", "no_web_search", "no_developer_role");

    /**
     * fw-ai-external/python-sdk, chat/completion_create_params.py and chat_message.py: extra inputs
     * are not permitted, and max_completion_tokens not beside max_tokens.
     */
    static final List<String> FIREWORKS =
            List.of(
                    "only_max_tokens",
                    "no_stream_options",
                    "no_hints",
                    "no_modalities",
                    "no_web_search",
                    "no_developer_role",
                    "closed_messages",
                    "no_message_names",
                    "history_as_reasoning_content");

    /** perplexityai/perplexity-py, chat/completion_create_params.py; no tools: pipecat-ai/docs. */
    static final List<String> PERPLEXITY =
            List.of(
                    "only_max_tokens",
                    "no_stream_options",
                    "no_logit_bias",
                    "no_tools",
                    "no_json_object",
                    "no_developer_role");

    /** docs.cohere.com, compatibility-api: unsupported parameters. */
    static final List<String> COHERE =
            List.of(
                    "only_max_tokens",
                    "no_choices",
                    "no_logit_bias",
                    "no_top_logprobs",
                    "no_hints",
                    "no_metadata",
                    "no_prediction",
                    "no_modalities",
                    "no_service_tier",
                    "no_web_search",
                    "no_parallel_tool_calls",
                    "effort_none_or_high");

    /**
     * Cerebras/cerebras-cloud-sdk-python, chat/completion_create_params.py; penalties: agentjido's
     * req_llm guide; unknown members are answered with 400 wrong_api_format (vercel/ai#15042).
     */
    static final List<String> CEREBRAS =
            List.of(
                    "no_penalties",
                    "no_logit_bias",
                    "no_hints",
                    "no_metadata",
                    "no_prompt_cache_key",
                    "no_modalities",
                    "no_web_search",
                    "no_developer_role",
                    "closed_messages",
                    "history_as_reasoning");

    /** ollama/ollama, openai/openai.go: what its request does not have is ignored. */
    static final List<String> OLLAMA =
            List.of(
                    "only_max_tokens",
                    "no_choices",
                    "no_logit_bias",
                    "no_tool_choice",
                    "no_parallel_tool_calls",
                    "no_web_search",
                    "no_developer_role",
                    "history_as_reasoning");

    /**
     * docs.vllm.ai, chat_completion/protocol; the chat templates of most models know no developer.
     */
    static final List<String> VLLM = List.of("max_tokens", "no_web_search", "no_developer_role");

    private Quirks() {}
}
