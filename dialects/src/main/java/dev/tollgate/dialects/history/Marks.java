package dev.tollgate.dialects.history;

import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.conversation.Signature;
import dev.tollgate.dialects.json.JsonText;
import dev.tollgate.dialects.responses.OpenAiResponses;

/**
 * What the gateway writes where an answer comes from a provider of another dialect, found in the
 * bytes of a request without reading its JSON. What looks like a mark need not be one.
 */
final class Marks {
    /** What the ids of Anthropic's own calls begin with. */
    static final String CLAUDE_CALL = "toolu_";

    private Marks() {}

    static boolean in(byte[] body, Dialect dialect) {
        for (int i = 0; i < body.length - 1; i++) {
            if (body[i] == '"' && isAt(body, i + 1, dialect)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isAt(byte[] body, int at, Dialect dialect) {
        return switch (body[at]) {
            case 'd' -> JsonText.startsWith(body, at, Signature.ENCODED_MARK);
            case 'r' ->
                    dialect == Dialect.OPENAI_RESPONSES
                            && JsonText.startsWith(body, at, OpenAiResponses.REASONING_ID);
            case 's' -> dialect == Dialect.ANTHROPIC && isEmpty(body, at, "signature\"");
            case 'e' -> dialect == Dialect.ANTHROPIC && isEmpty(body, at, "encrypted_index\"");
            case 't' -> {
                int value = dialect == Dialect.ANTHROPIC ? text(body, at, "tool_use_id\"") : -1;
                yield value > 0 && !JsonText.startsWith(body, value, CLAUDE_CALL);
            }
            default -> false;
        };
    }

    private static boolean isEmpty(byte[] body, int at, String name) {
        int value = text(body, at, name);
        return value > 0 && value < body.length && body[value] == '"';
    }

    /** Where the text of this member begins, if it stands here and is one; else -1. */
    private static int text(byte[] body, int at, String name) {
        if (!JsonText.startsWith(body, at, name)) {
            return -1;
        }
        int i = behindSpace(body, at + name.length());
        if (i == body.length || body[i] != ':') {
            return -1;
        }
        i = behindSpace(body, i + 1);
        return i < body.length && body[i] == '"' ? i + 1 : -1;
    }

    private static int behindSpace(byte[] body, int from) {
        int i = from;
        while (i < body.length && body[i] <= ' ' && body[i] >= 0) {
            i++;
        }
        return i;
    }
}
