package dev.tollgate.operator.oidc;

import dev.tollgate.policy.issuer.OidcIssuer;
import dev.tollgate.policy.snapshot.IssuerEntry;
import dev.tollgate.policy.snapshot.SettingsEntry.EndpointPolicy;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The external issuers that the platform trusts, with their keys: each read by a thread of its own,
 * so that one that does not answer delays no other. What tokens say triggers nothing: keys are read
 * again every minute, and half a minute after a failure (reliability.md, T7), which leaves those
 * that are known. An issuer whose keys could never be had is there without any, and is first asked
 * every 5 s. One that answers with no usable key has none from then on.
 */
public final class IssuerKeys implements AutoCloseable {

    /** How often keys are read. */
    record Pace(Duration again, Duration afterFailure, Duration untilFirst) {
        static final Pace USUAL =
                new Pace(Duration.ofMinutes(1), Duration.ofSeconds(30), Duration.ofSeconds(5));
    }

    /** One issuer, for metrics. */
    public record Figures(String issuer, int keys, long reads, long failures) {}

    private static final Duration FIRST_WITHIN = Duration.ofSeconds(5);

    /** So often {@link Pace#untilFirst} holds. */
    private static final int SOON_TRIES = 6;

    private static final int MAX_ERROR_CHARS = 500;

    private static final Logger LOG = LoggerFactory.getLogger(IssuerKeys.class);

    private final List<Kept> all;
    private final Runnable changed;
    private final Pace pace;
    private final CountDownLatch first;

    /** One issuer and what is known of it; written by its own thread. */
    private final class Kept {
        private final IssuerFetch fetch;
        private final AtomicLong reads = new AtomicLong();
        private final AtomicLong failures = new AtomicLong();
        private final Thread thread;
        private volatile IssuerEntry entry;
        private volatile boolean known;
        private @Nullable String told;

        Kept(OidcIssuer issuer, EndpointPolicy policy) {
            this.entry = issuer.entry();
            this.fetch = new IssuerFetch(issuer, policy);
            this.thread =
                    Thread.ofVirtual().name("issuer " + issuer.issuer()).unstarted(this::keep);
        }

        private void keep() {
            try {
                read();
                first.countDown();
                while (true) {
                    Thread.sleep(next());
                    read();
                }
            } catch (InterruptedException e) {
                // closed
            }
        }

        private Duration next() {
            return !known && failures.get() < SOON_TRIES
                    ? pace.untilFirst()
                    : told == null ? pace.again() : pace.afterFailure();
        }

        private void read() throws InterruptedException {
            try {
                var keys = fetch.keys();
                reads.incrementAndGet();
                told = null;
                known = true;
                if (!keys.equals(entry.keys())) {
                    entry = entry.with(keys);
                    LOG.atInfo()
                            .addKeyValue("issuer", entry.issuer())
                            .addKeyValue("keys", keys.size())
                            .log("keys of an issuer of tokens read");
                    changed.run();
                }
            } catch (IOException | RuntimeException e) {
                failures.incrementAndGet();
                var whole = String.valueOf(e.getMessage());
                var text = whole.substring(0, Math.min(whole.length(), MAX_ERROR_CHARS));
                if (!text.equals(told)) {
                    told = text;
                    LOG.atWarn()
                            .addKeyValue("issuer", entry.issuer())
                            .addKeyValue("error", text)
                            .log("keys of an issuer cannot be read; those that are known stay");
                }
            }
        }
    }

    /**
     * @param policy as the issuers were read with
     * @param changed told when the keys are others, by any thread
     */
    public IssuerKeys(List<OidcIssuer> issuers, EndpointPolicy policy, Runnable changed) {
        this(issuers, policy, changed, Pace.USUAL);
    }

    IssuerKeys(List<OidcIssuer> issuers, EndpointPolicy policy, Runnable changed, Pace pace) {
        this.changed = changed;
        this.pace = pace;
        this.first = new CountDownLatch(issuers.size());
        this.all = issuers.stream().map(issuer -> new Kept(issuer, policy)).toList();
    }

    /** Reads in the background from now on; waits for the first keys, at most 5 s. */
    public void start() {
        all.forEach(each -> each.thread.start());
        try {
            if (!first.await(FIRST_WITHIN.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warn("the keys of some issuers are not here yet; their tokens are refused");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** All of them, sorted by name, with the keys that are known. */
    public List<IssuerEntry> issuers() {
        return all.stream().map(each -> each.entry).toList();
    }

    /** Names of those whose keys could not be read yet. */
    public Set<String> unread() {
        return all.stream()
                .filter(each -> !each.known)
                .map(each -> each.entry.issuer())
                .collect(Collectors.toUnmodifiableSet());
    }

    public List<Figures> figures() {
        return all.stream()
                .map(
                        each ->
                                new Figures(
                                        each.entry.issuer(),
                                        each.entry.keys().size(),
                                        each.reads.get(),
                                        each.failures.get()))
                .toList();
    }

    @Override
    public void close() {
        for (var each : all) {
            each.thread.interrupt();
            each.fetch.close();
        }
    }
}
