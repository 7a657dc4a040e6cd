package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.budget.BudgetGate;
import dev.tollgate.dataplane.cache.AnswerCache;
import dev.tollgate.dataplane.config.LiveConfig;
import dev.tollgate.dataplane.identity.Authenticator;
import dev.tollgate.dataplane.limits.TeamLimits;
import dev.tollgate.dataplane.record.Recorder;
import dev.tollgate.dataplane.telemetry.Metrics;
import dev.tollgate.dataplane.telemetry.Tracing;
import dev.tollgate.dataplane.upstream.Upstreams;
import io.vertx.core.Vertx;
import java.util.random.RandomGenerator;

/**
 * What the exchanges of one event loop work with. Authenticator, upstreams, recorder, ticker and
 * random belong to the loop; the rest is shared by all.
 */
public record LoopParts(
        Vertx vertx,
        LiveConfig live,
        BudgetGate gate,
        Authenticator authenticator,
        Upstreams upstreams,
        TargetStates targets,
        TeamLimits teamLimits,
        Drills drills,
        RetryBudget retries,
        DrainPool drains,
        AnswerCache cache,
        ShadowPool shadows,
        Recorder recorder,
        TagValues tags,
        Metrics metrics,
        Tracing tracing,
        Ticker ticker,
        RandomGenerator random,
        ExchangeSettings settings) {}
