package dev.tollgate.dialects.codec;

import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.Signature;
import dev.tollgate.dialects.conversation.Signature.Issuer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How signed thoughts travel in dialects that have no form of their own for them. A thought that
 * only its issuer can read becomes an empty one whose signature is marked; Gemini's signature of a
 * tool call becomes an empty thought in front of it.
 */
public final class Thoughts {
    private static final String HIDDEN = "hidden:";

    private Thoughts() {}

    /** What stands in the signature of this thought, null if it has none. */
    public static @Nullable String written(Part.Reasoning thought, Issuer dialectOf) {
        var signature = thought.signature();
        if (signature == null) {
            return null;
        }
        return thought.redacted() ? hidden(signature, dialectOf) : signature.written(dialectOf);
    }

    /** The same of a thought that only its issuer can read. */
    public static String hidden(Signature signature, Issuer dialectOf) {
        return new Signature(signature.issuer(), HIDDEN + signature.value()).written(dialectOf);
    }

    /** The thought that was written so. */
    public static Part.Reasoning read(String text, @Nullable Signature signature) {
        if (signature == null || !signature.value().startsWith(HIDDEN)) {
            return new Part.Reasoning(text, signature, false);
        }
        var value = signature.value().substring(HIDDEN.length());
        return new Part.Reasoning(text, new Signature(signature.issuer(), value), true);
    }

    /**
     * Gives a signature of another provider the words before it, which in a stream to a client of
     * Gemini were parts of their own.
     */
    public static List<Part> joined(List<Part> parts) {
        var result = new ArrayList<Part>();
        for (var part : parts) {
            if (part instanceof Part.Reasoning(var text, var signature, var redacted)
                    && signature != null
                    && signature.issuer() != Issuer.GEMINI
                    && text.isEmpty()
                    && !redacted) {
                var words = new StringBuilder();
                while (!result.isEmpty()
                        && result.getLast() instanceof Part.Reasoning(var before, var by, _)
                        && by == null) {
                    words.insert(0, before);
                    result.removeLast();
                }
                result.add(new Part.Reasoning(words.toString(), signature, false));
            } else {
                result.add(part);
            }
        }
        return result;
    }

    /** Gives Gemini's signatures back to the tool calls behind the thoughts that carry them. */
    public static List<Part> toCalls(List<Part> parts) {
        var result = new ArrayList<Part>();
        Signature pending = null;
        for (var part : parts) {
            if (part instanceof Part.Reasoning(var text, var signature, var redacted)
                    && signature != null
                    && signature.issuer() == Issuer.GEMINI) {
                pending = signature;
                if (!redacted && !text.isEmpty()) {
                    result.add(new Part.Reasoning(text, null, false));
                }
            } else if (pending != null && part instanceof Part.ToolCall call) {
                result.add(
                        new Part.ToolCall(
                                call.id(), call.name(), call.arguments(), call.custom(), pending));
                pending = null;
            } else {
                result.add(part);
            }
        }
        return result;
    }
}
