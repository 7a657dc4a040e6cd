package dev.tollgate.dialects.deviation;

import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * How a server of the chat completions dialect deviates from it. Which servers do, says the preset
 * of their type; a snapshot names deviations by {@link #wireName}. What is left out is left out
 * because the answer stays what was asked for; where it would not, the request is refused.
 */
public enum Deviation {
    MAX_TOKENS("max_tokens", "the output limit goes as `max_tokens` too"),
    ONLY_MAX_TOKENS("only_max_tokens", "`max_completion_tokens` becomes `max_tokens`"),
    NO_STREAM_OPTIONS("no_stream_options", "`stream_options` dropped: usage comes without asking"),
    RANDOM_SEED("random_seed", "`seed` becomes `random_seed`"),
    NO_PENALTIES("no_penalties", "`frequency_penalty`, `presence_penalty` dropped"),
    NO_LOGIT_BIAS("no_logit_bias", "`logit_bias` dropped"),
    NO_LOGPROBS("no_logprobs", "`logprobs`, `top_logprobs` dropped"),
    NO_TOP_LOGPROBS("no_top_logprobs", "`top_logprobs` dropped"),
    ONE_CHOICE("one_choice", "`n` above 1 **refused**"),
    NO_CHOICES("no_choices", "`n` dropped, above 1 **refused**"),
    NO_TOOLS("no_tools", "`tools`, `functions` **refused** unless `tool_choice` is `none`"),
    NO_TOOL_CHOICE(
            "no_tool_choice",
            "`tool_choice`: `auto` dropped, `none` by leaving out the tools, else **refused**"),
    NO_PARALLEL_TOOL_CALLS("no_parallel_tool_calls", "`parallel_tool_calls` dropped"),
    NO_JSON_SCHEMA(
            "no_json_schema",
            "`response_format` of a JSON schema adapted: the schema in the prompt, JSON object"
                    + " mode"),
    NO_JSON_OBJECT(
            "no_json_object", "`response_format` of a JSON object becomes a schema of any object"),
    NO_DEVELOPER_ROLE("no_developer_role", "role `developer` becomes `system`"),
    NO_HINTS(
            "no_hints",
            "`store`, `safety_identifier`, `verbosity`, `prompt_cache_retention`,"
                    + " `prompt_cache_options` dropped"),
    NO_USER("no_user", "`user` dropped"),
    NO_METADATA("no_metadata", "`metadata` dropped"),
    NO_PROMPT_CACHE_KEY("no_prompt_cache_key", "`prompt_cache_key` dropped"),
    NO_PREDICTION("no_prediction", "`prediction` dropped"),
    NO_SERVICE_TIER("no_service_tier", "`service_tier` dropped, of another price **refused**"),
    NO_DEFAULT_SERVICE_TIER("no_default_service_tier", "`service_tier` `default` dropped"),
    NO_MODALITIES("no_modalities", "`modalities`, `audio` dropped, for more than text **refused**"),
    NO_WEB_SEARCH("no_web_search", "`web_search_options` **refused**"),
    NO_REASONING_EFFORT("no_reasoning_effort", "`reasoning_effort` dropped"),
    XAI_STOP("xai_stop", "`stop` **refused** for models that reason"),
    XAI_EFFORT("xai_effort", "`reasoning_effort` dropped for models without the setting"),
    GROQ_EFFORT(
            "groq_effort",
            "`reasoning_effort` clamped to what the model knows, dropped where that is nothing"),
    MISTRAL_EFFORT(
            "mistral_effort",
            "`reasoning_effort` becomes `none` or `high`, dropped where the model has no setting"),
    EFFORT_NONE_OR_HIGH("effort_none_or_high", "`reasoning_effort` becomes `none` or `high`"),
    REASONING_CONTENT(
            "reasoning_content",
            "earlier reasoning goes back as `reasoning_content`, if translated"),
    REASONING_DETAILS(
            "reasoning_details",
            "earlier reasoning of the server goes back as `reasoning_details`, if translated"),
    HISTORY_WITHOUT_REASONING("history_without_reasoning", "reasoning in the history dropped"),
    HISTORY_WITHOUT_REASONING_CONTENT(
            "history_without_reasoning_content",
            "`reasoning_content`, `reasoning_details` in the history dropped"),
    HISTORY_AS_REASONING(
            "history_as_reasoning", "`reasoning_content` in the history becomes `reasoning`"),
    HISTORY_AS_REASONING_CONTENT(
            "history_as_reasoning_content",
            "`reasoning` in the history becomes `reasoning_content`"),
    CLOSED_MESSAGES(
            "closed_messages",
            "`annotations`, `refusal`, `thinking_blocks` and `extra_content` of earlier answers"
                    + " left out; `audio` and `function_call` there **refused**"),
    NO_MESSAGE_NAMES("no_message_names", "`name` of messages dropped"),
    CALL_IDS_OF_9("call_ids_of_9", "ids of tool calls fitted to 9 letters and digits"),
    OUTPUT_DIMENSION("output_dimension", "`dimensions` of embeddings becomes `output_dimension`");

    private static final Map<String, Deviation> BY_NAME =
            Arrays.stream(values())
                    .collect(Collectors.toUnmodifiableMap(d -> d.wireName, Function.identity()));

    private final String wireName;
    private final String words;

    Deviation(String wireName, String words) {
        this.wireName = wireName;
        this.words = words;
    }

    /** The name in snapshots. */
    public String wireName() {
        return wireName;
    }

    /** What is done about it, for people; Markdown. */
    public String words() {
        return words;
    }

    /** Those of a snapshot's names that are known here; an operator may be newer. */
    public static Set<Deviation> of(List<String> names) {
        if (names.isEmpty()) {
            return Set.of();
        }
        var found = EnumSet.noneOf(Deviation.class);
        for (var name : names) {
            var deviation = BY_NAME.get(name);
            if (deviation != null) {
                found.add(deviation);
            }
        }
        return Collections.unmodifiableSet(found);
    }
}
