package dev.tollgate.dialects.raw;

import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.json.JsonText;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Bytes pass as they are, but for the model's name where an alias stands for it: in a JSON body
 * between quotes, in a form as it is. Every answer is a stream of bytes that nobody looks into.
 */
public final class RawBridge implements Bridge {

    @Override
    public Outbound request(RequestScan scan, byte[] body, RequestTerms terms) {
        var place = scan.places().model();
        if (place == null || terms.model().equals(scan.model())) {
            return new Outbound.Ready(body, List.of());
        }
        var name =
                body[place.from()] == '"'
                        ? JsonText.quoted(terms.model())
                        : terms.model().getBytes(StandardCharsets.UTF_8);
        var out = new ByteArrayOutputStream(body.length + name.length);
        out.write(body, 0, place.from());
        out.writeBytes(name);
        out.write(body, place.to(), body.length - place.to());
        return new Outbound.Ready(out.toByteArray(), List.of());
    }

    @Override
    public AnswerRead answer(byte[] providerBody, AnswerTerms terms) {
        throw new IllegalStateException("answer: whole (expected: a stream of bytes)");
    }

    @Override
    public AnswerStream stream(AnswerTerms terms) {
        return new RawStream();
    }
}
