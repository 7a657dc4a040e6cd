package dev.tollgate.dialects.translate;

import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.RequestScan;

/**
 * The bridge of a dialect to itself, whose streams can be ended at a limit: only those are read by
 * the codecs too, so that it is known what is open.
 */
final class LimitedBridge implements Bridge {
    private final Bridge same;
    private final TranslatedBridge translated;

    LimitedBridge(Bridge same, TranslatedBridge translated) {
        this.same = same;
        this.translated = translated;
    }

    @Override
    public Outbound request(RequestScan scan, byte[] body, RequestTerms terms) {
        return same.request(scan, body, terms);
    }

    @Override
    public AnswerRead answer(byte[] providerBody, AnswerTerms terms) {
        return same.answer(providerBody, terms);
    }

    @Override
    public AnswerStream stream(AnswerTerms terms) {
        return same.stream(terms);
    }

    @Override
    public AnswerStream limitedStream(AnswerTerms terms) {
        return translated.limited(same.stream(terms), terms);
    }
}
