package dev.tollgate.dialects.codec;

import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.Turn;
import java.util.List;
import java.util.Locale;

/** OpenAI refuses JSON object mode where no message speaks of JSON. */
public final class JsonMode {
    public static final String INSTRUCTION = "Answer with a JSON object.";

    private JsonMode() {}

    /** Whether any text holds the word. */
    public static boolean isMentioned(List<Turn> turns) {
        for (var turn : turns) {
            for (var part : turn.parts()) {
                if (part instanceof Part.Text(var text, _, _, _)
                        && text.toLowerCase(Locale.ROOT).contains("json")) {
                    return true;
                }
            }
        }
        return false;
    }
}
