package dev.tollgate.dialects.translate;

import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.openai.OpenAiChat;

/**
 * Chat completions to chat completions. Bytes pass as they were sent, but for the requests of an
 * editor that posts the shape of Responses here and reads chat completions back: those are
 * translated, although both sides speak one dialect.
 */
public final class EditorBridge implements Bridge {
    private final Bridge same;
    private final Bridge translated =
            new TranslatedBridge(new OpenAiChat(), Dialect.OPENAI_CHAT, new OpenAiChat());

    public EditorBridge(Bridge same) {
        this.same = same;
    }

    private Bridge of(RequestScan scan) {
        return scan.responsesShape() ? translated : same;
    }

    @Override
    public Outbound request(RequestScan scan, byte[] body, RequestTerms terms) {
        return of(scan).request(scan, body, terms);
    }

    @Override
    public AnswerRead answer(byte[] providerBody, AnswerTerms terms) {
        return of(terms.scan()).answer(providerBody, terms);
    }

    @Override
    public AnswerStream stream(AnswerTerms terms) {
        return of(terms.scan()).stream(terms);
    }

    @Override
    public AnswerStream limitedStream(AnswerTerms terms) {
        return of(terms.scan()).limitedStream(terms);
    }
}
