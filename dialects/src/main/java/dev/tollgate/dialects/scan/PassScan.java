package dev.tollgate.dialects.scan;

import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Scanned;
import java.io.IOException;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the little that the gateway must know of a body that passes as it is: the model, how many
 * results are asked for, and whether they are streamed. A JSON body is read strictly like any
 * other; of a form see {@link Multipart}.
 */
public final class PassScan {
    private static final Set<String> FIELDS = Set.of("model", "n", "stream");
    private static final String MULTIPART = "multipart/form-data";

    private PassScan() {}

    /**
     * @param contentType as the client sent it, null: it did not
     */
    public static Scanned scan(Ingress ingress, byte[] body, @Nullable String contentType) {
        if (!isMultipart(contentType)) {
            return RequestScanner.scan(ingress, body);
        }
        var tally = new Tally(ingress);
        try {
            Multipart.read(body, contentType, tally);
            demandModel(tally);
            return tally.build();
        } catch (MalformedBody e) {
            return new Scanned.Malformed(e.problem(), e.param());
        }
    }

    /** Whether a body of this type is a form, and not JSON. */
    public static boolean isMultipart(@Nullable String contentType) {
        return contentType != null && contentType.toLowerCase(Locale.ROOT).startsWith(MULTIPART);
    }

    static void read(Cursor cursor, Tally tally) throws IOException, MalformedBody {
        var seen = new Seen("");
        while (cursor.nextMember()) {
            tally.empty = false;
            var name = cursor.name();
            seen.add(name);
            switch (name) {
                case "model" -> tally.model(cursor);
                case "n" -> tally.choices(cursor, name);
                case "stream" -> tally.stream(cursor);
                default -> {
                    Cursor.refuseVariant(name, FIELDS, false);
                    cursor.skip();
                }
            }
        }
        demandModel(tally);
    }

    private static void demandModel(Tally tally) throws MalformedBody {
        if (tally.model == null) {
            throw new MalformedBody("`model` is missing", "model");
        }
    }
}
