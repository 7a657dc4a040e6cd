package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.cache.Answer;
import dev.tollgate.policy.route.Candidate;
import java.io.ByteArrayOutputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes down what one attempt answers, byte by byte as its client gets it, and hands it to the
 * cache if it comes to its proper end. An answer that is too large is let go at once.
 */
final class Capture {

    private final Recall recall;
    private final Candidate candidate;
    private final List<String> dropped;
    private @Nullable ByteArrayOutputStream stream;
    private String streamType = "";

    /**
     * @param dropped fields of the request that the provider did not get
     */
    Capture(Recall recall, Candidate candidate, List<String> dropped) {
        this.recall = recall;
        this.candidate = candidate;
        this.dropped = dropped;
    }

    /** A plain answer. */
    void whole(byte[] body, List<String> estimated) {
        if (body.length > Answer.MAX_BODY_BYTES) {
            recall.keepsNothing();
        } else {
            keep(body, Names.JSON.toString(), estimated);
        }
    }

    /** A stream begins. */
    void begin(CharSequence contentType) {
        streamType = contentType.toString();
        stream = new ByteArrayOutputStream();
    }

    void add(byte[] bytes, int offset, int length) {
        var written = stream;
        if (written == null) {
            return;
        }
        if (length > Answer.MAX_BODY_BYTES - written.size()) {
            stream = null;
            recall.keepsNothing();
        } else {
            written.write(bytes, offset, length);
        }
    }

    /** The stream has come to its proper end. */
    void complete() {
        var written = stream;
        stream = null;
        if (written != null) {
            keep(written.toByteArray(), streamType, List.of());
        }
    }

    private void keep(byte[] body, String type, List<String> estimated) {
        recall.keep(
                new Answer(
                        body,
                        type,
                        candidate.provider().key(),
                        candidate.model().name(),
                        String.join(", ", dropped),
                        String.join(", ", estimated),
                        System.currentTimeMillis(),
                        recall.ttlMillis()));
    }
}
