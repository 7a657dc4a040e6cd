package dev.tollgate.dialects.same;

import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.json.JsonCursor;
import java.io.IOException;

/**
 * The bridge of a dialect to itself. Bytes pass as they were sent, in both directions, since
 * re-encoding would break signed reasoning and the prefixes of prompt caches (protocols.md, 3.1);
 * what must change is spliced in.
 */
public final class SameBridge implements Bridge {
    private final Dialect dialect;
    private final EventReader reader;

    public SameBridge(Dialect dialect) {
        this.dialect = dialect;
        this.reader =
                switch (dialect) {
                    case OPENAI_CHAT -> new ChatReader();
                    case OPENAI_RESPONSES -> new ResponsesReader();
                    case ANTHROPIC -> new AnthropicReader();
                    case GEMINI -> new GeminiReader();
                };
    }

    @Override
    public Outbound request(RequestScan scan, byte[] body, RequestTerms terms) {
        return RequestSplicer.request(scan, body, terms);
    }

    @Override
    public AnswerRead answer(byte[] providerBody, AnswerTerms terms) {
        var facts = new Facts(dialect);
        try (var cursor = new JsonCursor(providerBody)) {
            cursor.next();
            if (cursor.token() == null || !cursor.isObject()) {
                return new AnswerRead.Unreadable("the provider's answer is not a JSON object");
            }
            reader.object(cursor, providerBody, facts);
            if (cursor.next() != null) {
                return new AnswerRead.Unreadable("the provider's answer goes on behind its object");
            }
        } catch (IOException e) {
            return new AnswerRead.Unreadable("the provider's answer is not valid JSON");
        }
        if (facts.error) {
            return new AnswerRead.Unreadable(
                    "the provider answered with an error under a status of success");
        }
        var splice = new Splice();
        var model = terms.model();
        if (model != null) {
            var written = Splice.quoted(model);
            for (var place : facts.modelPlaces) {
                splice.replace(place, written);
            }
        }
        return new AnswerRead.Read(
                splice.apply(providerBody),
                facts.usage(),
                facts.finishReason,
                facts.model,
                facts.visibleBytes);
    }

    @Override
    public AnswerStream stream(AnswerTerms terms) {
        return new SameStream(dialect, reader, terms);
    }
}
