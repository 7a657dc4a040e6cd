package dev.tollgate.dialects.scan;

import java.io.IOException;
import java.util.Set;

/** Embeddings in the OpenAI shape: text or token ids, one or many. */
final class OpenAiEmbedScan {
    private static final Set<String> FIELDS = Set.of("model", "input");

    private OpenAiEmbedScan() {}

    static void read(Cursor cursor, Tally tally) throws IOException, MalformedBody {
        var seen = new Seen("");
        boolean input = false;
        while (cursor.nextMember()) {
            tally.empty = false;
            var name = cursor.name();
            seen.add(name);
            switch (name) {
                case "model" -> tally.model(cursor);
                case "input" -> {
                    input = true;
                    input(cursor, tally);
                }
                default -> {
                    Cursor.refuseVariant(name, FIELDS, false);
                    cursor.skip();
                }
            }
        }
        if (tally.model == null) {
            throw new MalformedBody("`model` is missing", "model");
        }
        if (!input) {
            throw new MalformedBody("`input` is missing", "input");
        }
    }

    private static void input(Cursor cursor, Tally tally) throws IOException, MalformedBody {
        if (cursor.isString()) {
            tally.messages = 1;
            tally.text(cursor);
            return;
        }
        cursor.expectArray("input");
        while (cursor.nextElement()) {
            if (cursor.isNull() || cursor.isObject()) {
                throw cursor.wrongType("input", "a string, an array of strings or of token ids");
            }
            tally.messages++;
            tally.text(cursor);
        }
    }
}
