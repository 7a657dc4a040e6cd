package dev.tollgate.dataplane.valkey;

import dev.tollgate.dataplane.limits.RateShares;
import dev.tollgate.policy.share.Amounts;
import dev.tollgate.policy.share.LimitKey;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Divides limits among all proxies that share a Valkey, in the background: no request waits for it.
 * Every 100 ms it says of each account in use what this proxy holds and needs, and hears what it
 * may use and what the others need ({@link ShareTable}); of one that is not in use, every 500 ms,
 * unless others wait for what it gives back, or the proxy is not ready for want of its first share.
 * At most {@link #MAX_AT_ONCE} accounts are looked at in a round, those that have waited longest.
 *
 * <p>With Valkey away the proxy keeps to the shares that it has: they add up. After {@link
 * #LIFETIME_MILLIS} others may have taken them; then the shares of the operator count, if there is
 * one. Confined to the link's context, but for what says otherwise.
 */
final class ValkeyShares {

    static final long ROUND_MILLIS = 100;
    static final long IDLE_MILLIS = 500;

    /** What a proxy holds is nobody's when it was not heard for as long as a window is. */
    static final long LIFETIME_MILLIS = 60_000;

    static final int MAX_AT_ONCE = 200;

    /** A proxy that begins is not ready for so long at most while it has no share yet. */
    static final long FIRST_SHARES_MILLIS = 2_000;

    private static final long LAST_WORD_MILLIS = 500;

    private static final int KINDS = 3;
    private static final int HEAD = 1 + KINDS;
    private static final int WORDS_OF_OTHERS = 1 + KINDS;

    private static final Logger LOG = LoggerFactory.getLogger(ValkeyShares.class);
    private static final String SCRIPT = script();

    private static final class Known {
        final ShareTable table;
        long dueMillis;

        Known(String me) {
            table = new ShareTable(me);
        }
    }

    private record Turn(
            LimitKey key, Known known, ShareTable.Word word, boolean used, Request request) {}

    private final Vertx vertx;
    private final ValkeyLink link;
    private final RateShares rates;
    private final String me = UUID.randomUUID().toString();
    private final Map<LimitKey, Known> accounts = new HashMap<>();
    private String digest = "";
    private boolean asking;
    private boolean old;
    private boolean leaving;
    private long heardMillis = Long.MIN_VALUE;
    private boolean limitsAreStated;
    private final Promise<Void> first = Promise.promise();
    private volatile boolean dividing;

    ValkeyShares(Vertx vertx, ValkeyAddress address, RateShares rates) {
        this.vertx = vertx;
        this.rates = rates;
        this.link = new ValkeyLink(vertx, address, "limits", this::connected);
        link.start();
        link.context().runOnContext(_ -> vertx.setPeriodic(ROUND_MILLIS, _ -> round(nowMillis())));
    }

    /** Whether limits are divided in Valkey now; any thread. */
    boolean dividing() {
        return dividing && link.up();
    }

    /**
     * Limits are stated from now on, if there are any: {@link #firstShares} is to end soon. Any
     * thread.
     */
    void limitsStated() {
        link.context()
                .runOnContext(
                        _ -> {
                            if (!limitsAreStated) {
                                limitsAreStated = true;
                                vertx.setTimer(FIRST_SHARES_MILLIS, timer -> first.tryComplete());
                            }
                        });
    }

    /**
     * Ends when this proxy has a share of every limit; after {@link #FIRST_SHARES_MILLIS} anyway,
     * as others may have used all of one, or Valkey be away. Any thread.
     */
    Future<Void> firstShares() {
        return first.future();
    }

    /** Says that it holds no more than it has used, so that others may have the rest. */
    Future<Void> close() {
        var closed = Promise.<Void>promise();
        link.context()
                .runOnContext(
                        _ -> {
                            leaving = true;
                            var words = link.up() ? lastWords() : List.<Request>of();
                            var said =
                                    words.isEmpty()
                                            ? Future.succeededFuture()
                                            : link.batch(words)
                                                    .timeout(
                                                            LAST_WORD_MILLIS,
                                                            TimeUnit.MILLISECONDS);
                            said.onComplete(
                                    _ -> {
                                        link.close();
                                        closed.complete();
                                    });
                        });
        return closed.future();
    }

    private List<Request> lastWords() {
        return rates.accounts(Instant.now()).stream()
                .filter(each -> accounts.containsKey(each.use().key()))
                .limit(MAX_AT_ONCE)
                .map(
                        each -> {
                            var limit = each.limit();
                            var used = each.use().used();
                            var held =
                                    Amounts.each(
                                            kind ->
                                                    limit.of(kind) == Amounts.UNLIMITED
                                                            ? 0
                                                            : used.of(kind));
                            return request(
                                    each.use().key(), held, Amounts.NONE, limit, Amounts.NONE);
                        })
                .toList();
    }

    private Future<?> connected(ValkeyLink.Commands commands) {
        return commands.send(Request.cmd(Command.SCRIPT).arg("LOAD").arg(SCRIPT))
                .onSuccess(loaded -> digest = loaded.toString());
    }

    private static long nowMillis() {
        return System.nanoTime() / 1_000_000;
    }

    private void round(long now) {
        if (leaving) {
            return;
        }
        if (!link.up()) {
            dividing = false;
            asking = false;
            if (!old && heardMillis != Long.MIN_VALUE && now - heardMillis > LIFETIME_MILLIS) {
                old = true;
                rates.sharedIsOld();
            }
            return;
        }
        if (asking) {
            return; // the link gives a Valkey up that is silent for long
        }
        var turns = turns(now);
        if (turns.isEmpty()) {
            if (accounts.isEmpty()) {
                dividing = true;
            }
            return;
        }
        asking = true;
        link.batch(turns.stream().map(Turn::request).toList())
                .onComplete(
                        answers ->
                                link.context()
                                        .runOnContext(_ -> heard(turns, answers, nowMillis())),
                        failure -> link.context().runOnContext(_ -> failed(failure)));
    }

    private List<Turn> turns(long now) {
        var stated = new HashMap<LimitKey, RateShares.Account>();
        rates.accounts(Instant.now()).forEach(each -> stated.put(each.use().key(), each));
        accounts.keySet().retainAll(stated.keySet());
        stated.keySet().forEach(key -> accounts.computeIfAbsent(key, _ -> new Known(me)));
        if (limitsAreStated && accounts.values().stream().allMatch(each -> each.table.hasPart())) {
            first.tryComplete();
        }
        return accounts.entrySet().stream()
                .filter(each -> each.getValue().dueMillis <= now)
                .sorted(Comparator.comparingLong(each -> each.getValue().dueMillis))
                .limit(MAX_AT_ONCE)
                .map(each -> turn(each.getKey(), each.getValue(), stated.get(each.getKey()), now))
                .toList();
    }

    private Turn turn(LimitKey key, Known known, RateShares.@Nullable Account account, long now) {
        if (account == null) {
            throw new IllegalStateException(key + ": no account (expected: one that is stated)");
        }
        var use = account.use();
        var word = known.table.next(account.limit(), use.used(), use.demand(), now);
        var request = request(key, word.held(), word.wanted(), word.limit(), word.demand());
        return new Turn(key, known, word, !use.demand().isNothing(), request);
    }

    /** In the order of the script's arguments. */
    private Request request(LimitKey key, Amounts... words) {
        var request =
                Request.cmd(Command.EVALSHA)
                        .arg(digest)
                        .arg(1)
                        .arg(name(key))
                        .arg(me)
                        .arg(LIFETIME_MILLIS);
        for (var amounts : words) {
            request.arg(amounts.requests()).arg(amounts.tokens()).arg(amounts.concurrent());
        }
        return request;
    }

    /** {@code namespace/name}, and the namespace that is counted apart. */
    static String name(LimitKey key) {
        var of =
                switch (key.of()) {
                    case PROVIDER -> "provider";
                    case BUDGET -> "budget";
                };
        return "tollgate:limits:" + key.object() + ":" + of + ":" + key.subject();
    }

    private void heard(List<Turn> turns, List<Response> answers, long now) {
        asking = false;
        heardMillis = now;
        old = false;
        for (int i = 0; i < turns.size(); i++) {
            var turn = turns.get(i);
            var answer = answers.get(i);
            if (answer == null || answer.size() < HEAD) {
                continue;
            }
            boolean soon = turn.used() || turn.known().table.share() == null;
            turn.known()
                    .table
                    .heard(
                            turn.word(),
                            answer.get(0).toInteger() == 1,
                            amounts(answer, 1),
                            others(answer),
                            now);
            var share = turn.known().table.share();
            if (share != null) {
                rates.shared(turn.key(), share);
            }
            soon |= turn.known().table.owes() || !first.future().isComplete();
            turn.known().dueMillis = now + (soon ? ROUND_MILLIS / 2 : IDLE_MILLIS);
        }
        if (!dividing) {
            dividing = accounts.values().stream().allMatch(each -> each.table.share() != null);
        }
    }

    private static TreeMap<String, Amounts> others(Response answer) {
        var others = new TreeMap<String, Amounts>();
        for (int at = HEAD; at + KINDS < answer.size(); at += WORDS_OF_OTHERS) {
            others.put(answer.get(at).toString(), amounts(answer, at + 1));
        }
        return others;
    }

    private static Amounts amounts(Response answer, int at) {
        return new Amounts(
                answer.get(at).toLong(), answer.get(at + 1).toLong(), answer.get(at + 2).toLong());
    }

    private void failed(Throwable cause) {
        asking = false;
        if (link.up()) {
            dividing = false;
            LOG.atDebug().addKeyValue("error", cause.getMessage()).log("shares were not divided");
            link.reset(cause); // a script that was flushed is loaded again
        }
    }

    private static String script() {
        try (var in = ValkeyShares.class.getResourceAsStream("share.lua")) {
            if (in == null) {
                throw new IllegalStateException("share.lua: absent (expected: in the jar)");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
