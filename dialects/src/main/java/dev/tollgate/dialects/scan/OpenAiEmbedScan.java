package dev.tollgate.dialects.scan;

import com.fasterxml.jackson.core.JsonToken;
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

    /** A token id is one token, however many digits it has. */
    private static void input(Cursor cursor, Tally tally) throws IOException, MalformedBody {
        if (cursor.isString()) {
            tally.messages = 1;
            tally.text(cursor);
            return;
        }
        cursor.expectArray("input");
        boolean ids = false;
        int inputs = 0;
        while (cursor.nextElement()) {
            if (cursor.isString()) {
                inputs++;
                tally.text(cursor);
            } else if (cursor.isArray()) {
                inputs++;
                while (cursor.nextElement()) {
                    tokenId(cursor, tally);
                }
            } else {
                ids = true;
                tokenId(cursor, tally);
            }
        }
        inputs += ids ? 1 : 0;
        tally.messages = inputs;
        tally.embedding(inputs);
    }

    private static void tokenId(Cursor cursor, Tally tally) throws MalformedBody {
        if (cursor.token() != JsonToken.VALUE_NUMBER_INT) {
            throw cursor.wrongType("input", "a string, an array of strings or of token ids");
        }
        tally.textBytes++;
    }
}
