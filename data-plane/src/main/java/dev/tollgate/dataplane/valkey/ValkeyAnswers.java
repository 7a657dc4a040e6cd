package dev.tollgate.dataplane.valkey;

import dev.tollgate.dataplane.cache.Answer;
import dev.tollgate.dataplane.cache.AnswerStore;
import dev.tollgate.dataplane.cache.CacheKey;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Answers in the memory of this process, and behind it in a Valkey that a fleet shares. What is not
 * in memory is asked for, and waited for {@link #WAIT_MILLIS} at most; after {@link #LATE_IN_A_ROW}
 * late answers nothing is asked for a second. Writing never waits, and is left out while {@link
 * #MAX_WRITING_BYTES} are on their way. Any thread.
 */
final class ValkeyAnswers implements AnswerStore {

    static final long WAIT_MILLIS = 10;
    static final int LATE_IN_A_ROW = 3;
    static final long REST_NANOS = TimeUnit.SECONDS.toNanos(1);
    static final long MAX_WRITING_BYTES = 16L * 1024 * 1024;

    private final Vertx vertx;
    private final AnswerStore memory;
    private final ValkeyLink link;
    private final AtomicInteger late = new AtomicInteger();
    private final AtomicLong restsUntilNanos = new AtomicLong(System.nanoTime());
    private final AtomicLong writingBytes = new AtomicLong();

    ValkeyAnswers(Vertx vertx, AnswerStore memory, ValkeyLink link) {
        this.vertx = vertx;
        this.memory = memory;
        this.link = link;
    }

    /** The namespace stands first, so that one can be looked at, and let go, by itself. */
    static String name(CacheKey key) {
        return "tollgate:answers:" + key.namespace() + ":" + key.hex();
    }

    @Override
    public Future<Optional<Answer>> find(CacheKey key, long nowMillis) {
        var found = memory.find(key, nowMillis);
        if (!found.succeeded() || found.result().isPresent() || !asks()) {
            return found;
        }
        var caller = vertx.getOrCreateContext();
        var answer = Promise.<Optional<Answer>>promise();
        link.send(Request.cmd(Command.GET).arg(name(key)))
                .timeout(WAIT_MILLIS, TimeUnit.MILLISECONDS)
                .onComplete(
                        value -> {
                            late.set(0);
                            tell(caller, answer, taken(key, value, nowMillis));
                        },
                        failure -> {
                            if (late.incrementAndGet() >= LATE_IN_A_ROW) {
                                late.set(0);
                                restsUntilNanos.set(System.nanoTime() + REST_NANOS);
                            }
                            tell(caller, answer, Optional.empty());
                        });
        return answer.future();
    }

    private boolean asks() {
        return link.up() && System.nanoTime() - restsUntilNanos.get() >= 0;
    }

    private static void tell(
            Context caller, Promise<Optional<Answer>> promise, Optional<Answer> answer) {
        caller.runOnContext(_ -> promise.complete(answer));
    }

    /** Valkey says how long it lives; a clock that is ahead of ours gives it no second life. */
    private Optional<Answer> taken(CacheKey key, @Nullable Response value, long nowMillis) {
        if (value == null) {
            return Optional.empty();
        }
        var decoded =
                AnswerBytes.decode(value.toBytes())
                        .map(answer -> answer.keptAt(Math.min(answer.keptMillis(), nowMillis)))
                        .filter(answer -> answer.isFresh(nowMillis));
        decoded.ifPresent(answer -> memory.keep(key, answer));
        return decoded;
    }

    @Override
    public void keep(CacheKey key, Answer answer) {
        memory.keep(key, answer);
        if (!asks()) {
            return;
        }
        var value = AnswerBytes.encode(answer);
        if (value.isEmpty()) {
            return;
        }
        int size = value.get().length;
        if (writingBytes.addAndGet(size) > MAX_WRITING_BYTES) {
            writingBytes.addAndGet(-size);
            return;
        }
        link.send(
                        Request.cmd(Command.SET)
                                .arg(name(key))
                                .arg(value.get())
                                .arg("PX")
                                .arg(answer.ttlMillis()))
                .onComplete(_ -> writingBytes.addAndGet(-size));
    }

    @Override
    public Figures figures() {
        return memory.figures();
    }
}
