package dev.tollgate.dialects.translate;

import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.conversation.Conversation;
import dev.tollgate.dialects.conversation.Trait;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The table of what a provider's dialect can carry of a request in another dialect. What it cannot
 * is dropped where the answer stays what the client asked for, and refused where it would not.
 */
public final class Carriage {

    /** What becomes of a trait. */
    public enum Fate {
        CARRIED,
        /** Carried in another form; the note says which. */
        ADAPTED,
        DROPPED,
        REFUSED
    }

    /**
     * @param note for people: why, or in which form
     */
    public record Rule(Fate fate, String note) {}

    private static final Rule CARRIED = new Rule(Fate.CARRIED, "");

    private Carriage() {}

    /** The rule for a trait towards a provider. */
    public static Rule of(Trait trait, Dialect provider) {
        return switch (trait) {
            case HINT -> dropped("without effect on what is said");
            case UNKNOWN_FIELD -> refused("unknown to this gateway");
            case CHOICES ->
                    only(
                            provider,
                            refused("the dialect has one answer per request"),
                            Dialect.OPENAI_CHAT,
                            Dialect.GEMINI);
            case TOP_K ->
                    only(provider, dropped("no such setting"), Dialect.ANTHROPIC, Dialect.GEMINI);
            case SEED, PENALTIES ->
                    only(provider, dropped("no such setting"), Dialect.OPENAI_CHAT, Dialect.GEMINI);
            case LOGIT_BIAS -> dropped("no common form");
            case LOGPROBS -> provider == Dialect.ANTHROPIC ? dropped("no such setting") : CARRIED;
            case STOP ->
                    provider == Dialect.OPENAI_RESPONSES
                            ? refused("the dialect cannot stop on a string")
                            : CARRIED;
            case SERIAL_TOOL_CALLS ->
                    provider == Dialect.GEMINI
                            ? dropped("calls in parallel cannot be forbidden")
                            : CARRIED;
            case IMAGE, PDF, REASONING -> CARRIED;
            case IMAGE_URL ->
                    provider == Dialect.GEMINI
                            ? adapted("as fileData; the provider fetches it")
                            : CARRIED;
            case AUDIO ->
                    only(
                            provider,
                            refused("the dialect has no audio"),
                            Dialect.OPENAI_CHAT,
                            Dialect.GEMINI);
            case AUDIO_URL ->
                    only(provider, refused("the dialect takes no audio by URL"), Dialect.GEMINI);
            case MEDIA_HISTORY ->
                    only(
                            provider,
                            refused("turns of the model are text and calls"),
                            Dialect.GEMINI);
            case VIDEO -> only(provider, refused("the dialect has no video"), Dialect.GEMINI);
            case DOCUMENT_URL ->
                    provider == Dialect.OPENAI_CHAT
                            ? refused("the dialect takes documents in the request alone")
                            : CARRIED;
            case FILE_ID -> refused("the id means something to its own provider alone");
            case OTHER_FILE ->
                    only(provider, refused("no such file type in the dialect"), Dialect.GEMINI);
            case CACHE_MARKERS ->
                    only(provider, dropped("the provider caches by itself"), Dialect.ANTHROPIC);
            case JSON_OBJECT ->
                    provider == Dialect.ANTHROPIC
                            ? adapted("by a forced tool, restored in the answer")
                            : CARRIED;
            case JSON_SCHEMA ->
                    provider == Dialect.ANTHROPIC
                            ? adapted("by a forced tool where model or schema demand it")
                            : CARRIED;
            case CUSTOM_TOOL ->
                    provider == Dialect.OPENAI_RESPONSES
                            ? CARRIED
                            : adapted(
                                    "as a function with one text argument, restored in the answer");
            case CLAUDE_TOOL -> adapted("as functions with the arguments that Anthropic documents");
            case SERVER_TOOL -> refused("the provider's own tools cannot run elsewhere");
            case SERVER_TOOL_HISTORY -> dropped("what the tools found is in the text");
            case SERVER_STATE -> refused("the state is kept by another provider");
            case MEDIA_OUTPUT -> refused("answers are text");
            case PREFILL ->
                    provider == Dialect.ANTHROPIC
                            ? CARRIED
                            : adapted("as an earlier turn; the model may begin anew");
            case SAFETY_SETTINGS -> dropped("the provider's own thresholds hold");
            case CITATIONS -> dropped("answers come without citations");
        };
    }

    private static Rule only(Dialect provider, Rule otherwise, Dialect... carriers) {
        for (var carrier : carriers) {
            if (carrier == provider) {
                return CARRIED;
            }
        }
        return otherwise;
    }

    private static Rule dropped(String note) {
        return new Rule(Fate.DROPPED, note);
    }

    private static Rule refused(String note) {
        return new Rule(Fate.REFUSED, note);
    }

    private static Rule adapted(String note) {
        return new Rule(Fate.ADAPTED, note);
    }

    /** Why this request cannot go to that provider; null if it can. */
    static @Nullable Refusal refusal(Conversation conversation, Dialect provider) {
        for (var trait : Trait.values()) {
            var fields = conversation.traits().get(trait);
            if (fields == null) {
                continue;
            }
            var rule = of(trait, provider);
            if (rule.fate() == Fate.REFUSED) {
                var field = fields.getFirst();
                return new Refusal(
                        field
                                + ": "
                                + trait.title()
                                + " cannot be carried to a provider of dialect "
                                + provider.wireName()
                                + " ("
                                + rule.note()
                                + ")",
                        field);
            }
        }
        return null;
    }

    /** Why, and which field. */
    record Refusal(String message, String field) {}

    /** The client's fields that are left out on the way to that provider. */
    static List<String> dropped(Conversation conversation, Dialect provider) {
        var dropped = new ArrayList<String>();
        for (var trait : Trait.values()) {
            var fields = conversation.traits().get(trait);
            if (fields != null && of(trait, provider).fate() == Fate.DROPPED) {
                dropped.addAll(fields);
            }
        }
        return dropped;
    }
}
