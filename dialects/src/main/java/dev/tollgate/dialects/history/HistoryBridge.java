package dev.tollgate.dialects.history;

import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.RequestScan;

/**
 * A bridge of a dialect to itself for clients that another provider has answered before. A body
 * without any of the {@link Marks} stays the same array.
 */
public final class HistoryBridge implements Bridge {
    private final Bridge bridge;

    public HistoryBridge(Bridge bridge) {
        this.bridge = bridge;
    }

    @Override
    public Outbound request(RequestScan scan, byte[] body, RequestTerms terms) {
        var outbound = bridge.request(scan, body, terms);
        if (outbound instanceof Outbound.Ready ready && Marks.in(ready.body(), scan.dialect())) {
            return new ForeignHistory(ready.body(), terms.model()).without(scan.dialect());
        }
        return outbound;
    }

    @Override
    public AnswerRead answer(byte[] providerBody, AnswerTerms terms) {
        return bridge.answer(providerBody, terms);
    }

    @Override
    public AnswerStream stream(AnswerTerms terms) {
        return bridge.stream(terms);
    }

    @Override
    public AnswerStream limitedStream(AnswerTerms terms) {
        return bridge.limitedStream(terms);
    }
}
