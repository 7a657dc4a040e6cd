package dev.tollgate.dialects.deviation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.tollgate.dialects.Bridge.Outbound;
import dev.tollgate.dialects.RequestScan.Span;
import dev.tollgate.dialects.same.Members;
import dev.tollgate.dialects.same.Splice;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Fits one chat request to a server's deviations: edits at the places concerned, every other byte
 * stays. A field with null says nothing, so it goes without being named.
 */
final class RequestFit {
    private static final Set<String> LIST_PRICE =
            Set.of("auto", "default", "standard", "standard_only", "on_demand");
    private static final String NO_WEB_SEARCH = "the provider's server has no web search";

    private final byte[] body;
    private final Set<Deviation> deviations;
    private final String model;
    private final Members top;
    private final Splice splice = new Splice();
    private final List<String> dropped = new ArrayList<>();
    private @Nullable String instruction;
    private Outbound.@Nullable Refused refused;

    /** The body is a JSON object, as a scan found or a writer wrote it. */
    RequestFit(byte[] body, Set<Deviation> deviations, String model) {
        this.body = body;
        this.deviations = deviations;
        this.model = model;
        try {
            this.top = new Members(body, new Span(0, body.length));
        } catch (IOException bug) {
            throw new IllegalStateException("a scanned body is no JSON", bug);
        }
    }

    Outbound fitted() {
        try {
            for (var deviation : deviations) {
                field(deviation);
            }
            messages();
        } catch (IOException bug) {
            throw new IllegalStateException("a scanned body is no JSON", bug);
        }
        if (refused != null) {
            return refused;
        }
        top.edit(splice);
        return new Outbound.Ready(splice.apply(body), dropped);
    }

    private void field(Deviation deviation) throws IOException {
        switch (deviation) {
            case ONLY_MAX_TOKENS -> onlyMaxTokens();
            case NO_STREAM_OPTIONS -> omit("stream_options");
            case RANDOM_SEED -> randomSeed();
            case OUTPUT_DIMENSION -> outputDimension();
            case NO_PENALTIES -> drop("frequency_penalty", "presence_penalty");
            case NO_LOGIT_BIAS -> drop("logit_bias");
            case NO_LOGPROBS -> drop("logprobs", "top_logprobs");
            case NO_TOP_LOGPROBS -> drop("top_logprobs");
            case ONE_CHOICE -> choices(false);
            case NO_CHOICES -> choices(true);
            case NO_TOOLS -> noTools();
            case NO_TOOL_CHOICE -> noToolChoice();
            case NO_PARALLEL_TOOL_CALLS -> drop("parallel_tool_calls");
            case NO_JSON_SCHEMA -> noJsonSchema();
            case NO_JSON_OBJECT -> noJsonObject();
            case NO_HINTS ->
                    drop(
                            "store",
                            "safety_identifier",
                            "verbosity",
                            "prompt_cache_retention",
                            "prompt_cache_options");
            case NO_USER -> drop("user");
            case NO_METADATA -> drop("metadata");
            case NO_PROMPT_CACHE_KEY -> drop("prompt_cache_key");
            case NO_PREDICTION -> drop("prediction");
            case NO_SERVICE_TIER -> noServiceTier();
            case NO_DEFAULT_SERVICE_TIER -> {
                if ("default".equals(text("service_tier"))) {
                    omit("service_tier");
                }
            }
            case NO_MODALITIES -> noModalities();
            case NO_WEB_SEARCH -> refuseIfSaid("web_search_options", NO_WEB_SEARCH);
            case NO_REASONING_EFFORT -> drop("reasoning_effort");
            case XAI_STOP -> {
                if (Models.xaiReasons(model)) {
                    refuseIfSaid("stop", "the model reasons and cannot stop on a string");
                }
            }
            case XAI_EFFORT, GROQ_EFFORT, MISTRAL_EFFORT, EFFORT_NONE_OR_HIGH -> effort(deviation);
            // in the messages, in the splicer or in the writer of translated requests
            case MAX_TOKENS,
                    REASONING_CONTENT,
                    REASONING_DETAILS,
                    NO_DEVELOPER_ROLE,
                    HISTORY_WITHOUT_REASONING,
                    HISTORY_WITHOUT_REASONING_CONTENT,
                    HISTORY_AS_REASONING,
                    HISTORY_AS_REASONING_CONTENT,
                    CLOSED_MESSAGES,
                    NO_MESSAGE_NAMES,
                    CALL_IDS_OF_9 -> {}
        }
    }

    private void messages() throws IOException {
        var messages = top.find("messages");
        var fit = new MessagesFit(body, deviations, splice);
        if (messages == null || instruction == null && !fit.isNeeded()) {
            return;
        }
        var elements = Members.elements(body, messages.value);
        if (instruction != null) {
            var system = JsonNodeFactory.instance.objectNode().put("role", "system");
            system.put("content", instruction);
            splice.insert(messages.value.from() + 1, system + (elements.isEmpty() ? "" : ","));
        }
        for (var element : elements) {
            fit.message(element);
        }
        dropped.addAll(fit.dropped());
        refused = refused == null ? fit.refused() : refused;
    }

    private void onlyMaxTokens() throws IOException {
        var newer = top.find("max_completion_tokens");
        var older = top.find("max_tokens");
        if (newer == null) {
            return;
        }
        if (older == null) {
            newer.rename("max_tokens");
            return;
        }
        var limit = top.value(newer);
        if (!limit.isNull()) {
            older.write(limit);
        }
        newer.leaveOut();
    }

    private void randomSeed() {
        var seed = top.find("seed");
        if (seed != null && top.find("random_seed") == null) {
            seed.rename("random_seed");
        } else {
            drop("seed");
        }
    }

    private void outputDimension() {
        var dimensions = top.find("dimensions");
        if (dimensions != null && top.find("output_dimension") == null) {
            dimensions.rename("output_dimension");
        } else {
            drop("dimensions");
        }
    }

    private void choices(boolean refusesOne) throws IOException {
        var choices = node("n");
        if (choices != null && choices.asLong(1) > 1) {
            refuse("n", "the provider gives one answer per request");
        } else if (refusesOne) {
            omit("n");
        }
    }

    private void noTools() throws IOException {
        boolean none = "none".equals(text("tool_choice"));
        for (var name : List.of("tools", "functions")) {
            var tools = node(name);
            if (tools != null && !tools.isEmpty() && !none) {
                refuse(name, "the provider's models call no tools");
            }
            omit(name);
        }
        omit("tool_choice");
        omit("function_call");
        omit("parallel_tool_calls");
    }

    private void noToolChoice() throws IOException {
        var choice = node("tool_choice");
        if (choice == null || "auto".equals(choice.textValue())) {
            omit("tool_choice");
        } else if ("none".equals(choice.textValue())) {
            omit("tool_choice");
            omit("tools");
        } else {
            refuse("tool_choice", "the provider's server cannot force a tool call");
        }
    }

    /** As a promise of the model: the server keeps it to JSON, the prompt to the schema. */
    private void noJsonSchema() throws IOException {
        var format = node("response_format");
        var place = top.find("response_format");
        if (place == null || format == null || !"json_schema".equals(type(format))) {
            return;
        }
        var wanted = format.path("json_schema");
        var described = wanted.path("description").asText("");
        instruction =
                "Answer with one JSON object and nothing else. It must match this JSON schema"
                        + (described.isEmpty() ? "" : " (" + described + ")")
                        + ": "
                        + wanted.path("schema");
        place.write(typed("json_object"));
        dropped.add("response_format (the JSON schema is in the prompt, not enforced)");
    }

    private void noJsonObject() throws IOException {
        var format = node("response_format");
        var place = top.find("response_format");
        if (place == null || format == null || !"json_object".equals(type(format))) {
            return;
        }
        var schema = typed("json_schema");
        schema.putObject("json_schema").put("name", "object").set("schema", typed("object"));
        place.write(schema);
    }

    private void noServiceTier() throws IOException {
        var tier = text("service_tier");
        if (tier != null && !LIST_PRICE.contains(tier)) {
            refuse("service_tier", "the provider has none but its own");
        }
        drop("service_tier");
    }

    private void noModalities() throws IOException {
        var modalities = node("modalities");
        if (modalities != null) {
            for (var modality : modalities) {
                if (!"text".equals(modality.textValue())) {
                    refuse("modalities", "the provider's answers are text");
                }
            }
        }
        omit("modalities");
        refuseIfSaid("audio", "the provider's answers are text");
        omit("audio");
    }

    private void effort(Deviation deviation) throws IOException {
        var effort = text("reasoning_effort");
        var place = top.find("reasoning_effort");
        if (effort == null || place == null) {
            return;
        }
        var fitted =
                switch (deviation) {
                    case XAI_EFFORT -> Models.xaiHasEffort(model) ? effort : null;
                    case GROQ_EFFORT -> Models.groqEffort(model, effort);
                    case MISTRAL_EFFORT ->
                            Models.mistralHasEffort(model) ? Models.noneOrHigh(effort) : null;
                    default -> Models.noneOrHigh(effort);
                };
        if (fitted == null) {
            drop("reasoning_effort");
        } else if (!fitted.equals(effort)) {
            place.write(TextNode.valueOf(fitted));
        }
    }

    private static ObjectNode typed(String type) {
        return JsonNodeFactory.instance.objectNode().put("type", type);
    }

    private static @Nullable String type(JsonNode node) {
        return node.path("type").textValue();
    }

    /** Null if absent or null. */
    private @Nullable JsonNode node(String name) throws IOException {
        var member = top.find(name);
        var value = member == null ? null : top.value(member);
        return value == null || value.isNull() ? null : value;
    }

    private @Nullable String text(String name) throws IOException {
        var value = node(name);
        return value == null ? null : value.textValue();
    }

    /** Leaves it out without a word, since it says nothing or what holds anyway. */
    private void omit(String name) {
        for (var member = top.find(name); member != null; member = top.find(name)) {
            member.leaveOut();
        }
    }

    private void drop(String... names) {
        for (var name : names) {
            var member = top.find(name);
            if (member != null && body[member.value.from()] != 'n') {
                dropped.add(name);
            }
            omit(name);
        }
    }

    private void refuseIfSaid(String name, String why) throws IOException {
        var value = node(name);
        if (value != null && !(value.isArray() && value.isEmpty())) {
            refuse(name, why);
        }
    }

    private void refuse(String name, String why) {
        if (refused == null) {
            refused = new Outbound.Refused(name + ": " + why, name);
        }
    }
}
