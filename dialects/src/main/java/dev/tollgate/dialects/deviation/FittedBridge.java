package dev.tollgate.dialects.deviation;

import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.RequestScan;
import java.util.ArrayList;

/**
 * A bridge to a server of chat completions and embeddings whose requests are fitted to what the
 * provider's server is known to take, whichever dialect they came from. Requests to a server
 * without deviations stay as they are.
 */
public final class FittedBridge implements Bridge {
    private final Bridge bridge;

    public FittedBridge(Bridge bridge) {
        this.bridge = bridge;
    }

    @Override
    public Outbound request(RequestScan scan, byte[] body, RequestTerms terms) {
        var outbound = bridge.request(scan, body, terms);
        var deviations = Deviation.of(terms.quirks());
        if (deviations.isEmpty() || !(outbound instanceof Outbound.Ready ready)) {
            return outbound;
        }
        return switch (new RequestFit(ready.body(), deviations, terms.model()).fitted()) {
            case Outbound.Refused refused -> refused;
            case Outbound.Answered answered -> answered;
            case Outbound.Ready fitted -> {
                var dropped = new ArrayList<>(ready.dropped());
                dropped.addAll(fitted.dropped());
                yield new Outbound.Ready(fitted.body(), dropped);
            }
        };
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
