package dev.tollgate.dataplane.cache;

import io.vertx.core.Future;
import java.util.LinkedHashMap;
import java.util.Optional;

/**
 * Answers in the memory of this process, shared by all of its event loops: {@link #SEGMENTS}
 * segments by key, each with a lock that is held for a look-up alone, and with an equal part of the
 * room. What was used longest ago goes first; what is over its lifetime goes when it is met.
 */
public final class MemoryAnswers implements AnswerStore {

    /** For all answers together. */
    public static final long MAX_BYTES = 64L * 1024 * 1024;

    static final int SEGMENTS = 16;

    private static final Future<Optional<Answer>> NOTHING =
            Future.succeededFuture(Optional.empty());

    private final Segment[] segments = new Segment[SEGMENTS];

    public MemoryAnswers() {
        this(MAX_BYTES);
    }

    MemoryAnswers(long maxBytes) {
        for (int i = 0; i < SEGMENTS; i++) {
            segments[i] = new Segment(maxBytes / SEGMENTS);
        }
    }

    @Override
    public Future<Optional<Answer>> find(CacheKey key, long nowMillis) {
        var found = segment(key).find(key, nowMillis);
        return found.isEmpty() ? NOTHING : Future.succeededFuture(found);
    }

    @Override
    public void keep(CacheKey key, Answer answer) {
        if (answer.body().length > Answer.MAX_BODY_BYTES) {
            throw new IllegalArgumentException(
                    "body: %d bytes (expected: at most %d)"
                            .formatted(answer.body().length, Answer.MAX_BODY_BYTES));
        }
        segment(key).keep(key, answer);
    }

    @Override
    public Figures figures() {
        long entries = 0;
        long bytes = 0;
        long evicted = 0;
        for (var segment : segments) {
            synchronized (segment) {
                entries += segment.answers.size();
                bytes += segment.bytes;
                evicted += segment.evicted;
            }
        }
        return new Figures(entries, bytes, evicted);
    }

    private Segment segment(CacheKey key) {
        return segments[(int) (key.first() & SEGMENTS - 1)];
    }

    private static final class Segment {
        private final LinkedHashMap<CacheKey, Answer> answers =
                new LinkedHashMap<>(16, 0.75f, true);
        private final long maxBytes;
        private long bytes;
        private long evicted;

        Segment(long maxBytes) {
            this.maxBytes = maxBytes;
        }

        synchronized Optional<Answer> find(CacheKey key, long nowMillis) {
            var answer = answers.get(key);
            if (answer == null) {
                return Optional.empty();
            }
            if (!answer.isFresh(nowMillis)) {
                remove(key);
                return Optional.empty();
            }
            return Optional.of(answer);
        }

        synchronized void keep(CacheKey key, Answer answer) {
            remove(key);
            if (answer.weight() > maxBytes) {
                return;
            }
            while (bytes + answer.weight() > maxBytes) {
                remove(answers.firstEntry().getKey());
                evicted++;
            }
            answers.put(key, answer);
            bytes += answer.weight();
        }

        private void remove(CacheKey key) {
            var gone = answers.remove(key);
            if (gone != null) {
                bytes -= gone.weight();
            }
        }
    }
}
