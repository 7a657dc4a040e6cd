package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.config.LiveConfig;
import dev.tollgate.dataplane.upstream.Upstream;
import dev.tollgate.dataplane.upstream.Upstreams;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.policy.snapshot.HealthCheckEntry;
import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.SettingsEntry.EndpointPolicy;
import dev.tollgate.policy.snapshot.Snapshot;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks providers that want it for their models, which costs nothing, or a model for one token,
 * which does ({@link CompletionCheck}; api.md, P8). So many failures in a row make a provider
 * unhealthy, and routing goes elsewhere; so many successes make it healthy again. A failure is no
 * connection, no answer in time, a 5xx, or a refused credential; any other answer shows that
 * somebody is there. What could not be asked says nothing. Belongs to one event loop.
 */
public final class HealthChecks {

    private static final Logger LOG = LoggerFactory.getLogger(HealthChecks.class);
    private static final long TICK_MILLIS = 100;
    private static final int SERVER_ERROR = 500;
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;

    private static final class Check {
        final ProviderEntry provider;
        final HealthCheckEntry settings;
        final EndpointPolicy policy;
        long dueNanos;
        int failures;
        int successes;
        boolean running;
        boolean skipped;
        int skips;
        boolean gone;

        Check(ProviderEntry provider, HealthCheckEntry settings, EndpointPolicy policy) {
            this.provider = provider;
            this.settings = settings;
            this.policy = policy;
            this.dueNanos = System.nanoTime();
        }
    }

    private final LoopParts loop;
    private final Upstreams upstreams;
    private final LiveConfig live;
    private final TargetStates targets;
    private final Map<String, Check> checks = new HashMap<>();

    public HealthChecks(LoopParts loop) {
        this.loop = loop;
        this.upstreams = loop.upstreams();
        this.live = loop.live();
        this.targets = loop.targets();
        loop.vertx().setPeriodic(TICK_MILLIS, id -> tick());
        var applied = live.applied();
        if (applied != null) {
            apply(applied.snapshot());
        }
    }

    /** Takes the providers of a new snapshot; what did not change is checked on. */
    public void apply(Snapshot snapshot) {
        var before = new HashMap<>(checks);
        checks.clear();
        for (var provider : snapshot.providers()) {
            var settings = provider.healthCheck();
            if (settings == null) {
                continue;
            }
            var known = before.get(provider.key());
            boolean same = known != null && known.provider.equals(provider);
            if (known != null && same) {
                before.remove(provider.key());
                checks.put(provider.key(), known);
            } else {
                var policy = snapshot.settings().endpointPolicy();
                checks.put(provider.key(), new Check(provider, settings, policy));
            }
        }
        before.forEach(
                (key, check) -> {
                    check.gone = true;
                    if (!checks.containsKey(key)) {
                        targets.checked(key, null);
                    }
                });
    }

    private void tick() {
        long now = System.nanoTime();
        for (var check : checks.values()) {
            if (!check.running && now - check.dueNanos >= 0) {
                check.running = true;
                check.dueNanos =
                        now + TimeUnit.MILLISECONDS.toNanos(check.settings.intervalMillis());
                ask(check).onComplete(answered -> done(check, answered.result()));
            }
        }
    }

    /** Never fails. */
    private Future<CheckResult> ask(Check check) {
        var provider = check.provider;
        var key = UpstreamHead.key(provider, live.credentials());
        if (key == null) {
            return Future.succeededFuture(CheckResult.BAD);
        }
        if (check.settings.model() != null) {
            return CompletionCheck.run(loop, provider, key);
        }
        var upstream = upstreams.of(provider, check.policy);
        long millis = check.settings.timeoutMillis();
        var connect = Math.min(millis, provider.timeouts().connectMillis());
        return upstream.request(upstream.models(Dialect.of(provider.dialect())), connect)
                .compose(request -> status(upstream, provider, request, key, millis))
                .map(HealthChecks::judged)
                .otherwise(CheckResult.BAD);
    }

    private static CheckResult judged(int status) {
        boolean good = status < SERVER_ERROR && status != UNAUTHORIZED && status != FORBIDDEN;
        return good ? CheckResult.GOOD : CheckResult.BAD;
    }

    private static Future<Integer> status(
            Upstream upstream,
            ProviderEntry provider,
            HttpClientRequest request,
            String key,
            long millis) {
        request.setMethod(HttpMethod.GET);
        UpstreamHead.put(
                request,
                provider,
                provider.apiVersion(),
                key,
                false,
                MultiMap.caseInsensitiveMultiMap());
        return request.send()
                .compose(HealthChecks::drained)
                .timeout(millis, TimeUnit.MILLISECONDS)
                .onFailure(failure -> request.reset())
                .onComplete(done -> upstream.release());
    }

    private static Future<Integer> drained(HttpClientResponse response) {
        response.handler(dropped -> {});
        return response.end().map(v -> response.statusCode());
    }

    private void done(Check check, CheckResult result) {
        check.running = false;
        var provider = check.provider.key();
        loop.metrics().check(provider, result.word());
        if (check.gone) {
            return;
        }
        switch (result) {
            case CheckResult.Good good -> {
                check.failures = 0;
                check.successes++;
            }
            case CheckResult.Bad bad -> {
                check.failures++;
                check.successes = 0;
            }
            case CheckResult.Skipped(var word, var why) -> {
                if (!check.skipped) {
                    LOG.warn("checks of provider {} are skipped: {}", provider, why);
                }
                check.skips++;
            }
        }
        check.skipped = result instanceof CheckResult.Skipped;
        check.skips = check.skipped ? check.skips : 0;
        if (check.skips >= check.settings.unhealthyAfter()) {
            // nobody looks any more: what was bad once may be well again, and its circuit tells
            check.failures = 0;
            check.successes = 0;
            targets.checked(provider, null);
        }
        if (check.failures >= check.settings.unhealthyAfter()) {
            targets.checked(provider, false);
        } else if (check.successes >= check.settings.healthyAfter()) {
            targets.checked(provider, true);
        }
    }
}
