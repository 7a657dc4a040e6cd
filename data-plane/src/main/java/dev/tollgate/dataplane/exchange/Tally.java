package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.budget.BudgetView;
import dev.tollgate.dataplane.cache.Answer;
import dev.tollgate.dataplane.cache.CacheResult;
import dev.tollgate.dataplane.record.ShadowOf;
import dev.tollgate.dataplane.record.UsageRecord;
import dev.tollgate.dataplane.wal.LogRecord;
import dev.tollgate.dialects.Usage;
import dev.tollgate.policy.attempt.Attempt;
import dev.tollgate.policy.attempt.Outcome;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.Complexity;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What one request has come to so far: filled by the steps of its {@link Exchange}, read by its
 * record, its metrics and its response headers.
 */
final class Tally {

    final String requestId;
    final long startMillis;
    final long startNanos;
    String team = "";
    String caller = "";
    String dialect = "";
    String endpoint = "";
    int results;
    String route = "";
    String strategy = "";
    String modelRequested = "";
    String provider = "";
    String model = "";
    String costSource = "";
    boolean stream;
    boolean assumed;
    CacheResult cache = CacheResult.OFF;
    String finishReason = "";
    @Nullable ShadowOf shadow;
    long firstTokenNanos = -1;
    long upstreamNanos;
    Money cost = Money.ZERO;
    Usage usage = Usage.NONE;
    Map<String, String> tags = Map.of();
    final List<Attempt> attempts = new ArrayList<>(2);
    final List<UsageRecord.Attempt> recorded = new ArrayList<>(2);

    /** Attempts that were sent, those that are not over too. */
    int started;

    /** Calls that went out, those of them that are settled, and usage records: {@link Audit}. */
    int sent;

    int settled;
    int records;

    /** How long it has waited for money in all. */
    long waitedNanos;

    private final List<Integer> numbers = new ArrayList<>(2);
    private @Nullable Candidate winner;
    @Nullable Complexity complexity;
    List<BudgetView> budgetViews = List.of();
    private List<String> budgets = List.of();
    private List<String> steps = List.of();
    private Map<String, WhatIf.Verdict> would = Map.of();

    Tally(String requestId, long startMillis, long startNanos) {
        this.requestId = requestId;
        this.startMillis = startMillis;
        this.startNanos = startNanos;
    }

    void planned(RoutePlan plan, String modelAsked) {
        route = plan.route();
        strategy = plan.strategy();
        modelRequested = modelAsked;
        complexity = plan.traits().complexity();
    }

    void trying(Candidate candidate, List<BudgetEntry> charged) {
        provider = bareName(candidate.provider().key());
        model = candidate.model().name();
        costSource = priceSource(candidate);
        if (!charged.isEmpty()) {
            charging(charged);
        }
    }

    /** Budgets that a further attempt charges while another one runs. */
    void charging(List<BudgetEntry> charged) {
        var all = new TreeSet<>(budgets);
        charged.forEach(budget -> all.add(budget.key()));
        budgets = List.copyOf(all);
    }

    /** Steps of the ladders of Budgets that were in force for it. */
    void reached(List<String> reached) {
        if (!reached.isEmpty()) {
            var all = new TreeSet<>(steps);
            all.addAll(reached);
            steps = List.copyOf(all);
        }
    }

    /** Of what a Budget in mode Shadow would have done with its attempts, the worst is told. */
    void wouldHave(String budget, WhatIf.Verdict verdict) {
        would = would.isEmpty() ? new TreeMap<>() : would;
        would.merge(budget, verdict, (a, b) -> a.compareTo(b) > 0 ? a : b);
    }

    /** What Budgets in mode Shadow would have done with it, were they Hard. */
    Map<String, WhatIf.Verdict> would() {
        return would;
    }

    /** The same as {@code namespace/name/verdict}. */
    List<String> shadows() {
        if (would.isEmpty()) {
            return List.of();
        }
        var told = new ArrayList<String>(would.size());
        would.forEach((budget, verdict) -> told.add(budget + "/" + verdict.word()));
        return told;
    }

    /** Of two attempts that ran at the same time this one answers. */
    void wonBy(Candidate candidate) {
        winner = candidate;
        trying(candidate, List.of());
    }

    /** The answer was kept: who gave it then is told, and nothing is counted or paid again. */
    void remembered(Answer answer) {
        cache = CacheResult.HIT;
        provider = bareName(answer.provider());
        model = answer.model();
    }

    /** An answer of an earlier attempt serves after all. */
    void servedBy(Candidate candidate, @Nullable Usage reported) {
        trying(candidate, List.of());
        usage = reported == null ? Usage.NONE : reported;
    }

    /** What the write-ahead log keeps of it, should this process die. */
    LogRecord.Request logged() {
        return new LogRecord.Request(
                requestId,
                startMillis,
                team,
                caller,
                tags,
                dialect,
                route,
                strategy,
                modelRequested,
                stream);
    }

    /** The next attempt, at the candidate that is tried. */
    LogRecord.Try next(Money bound) {
        return new LogRecord.Try(started + 1, provider, model, costSource, bound.nanos());
    }

    /** The next attempt, at another candidate than the one that is tried. */
    LogRecord.Try next(Candidate candidate, Money bound) {
        return new LogRecord.Try(
                started + 1,
                bareName(candidate.provider().key()),
                candidate.model().name(),
                priceSource(candidate),
                bound.nanos());
    }

    static String priceSource(Candidate candidate) {
        var price = candidate.model().price();
        return price == null ? "" : price.source();
    }

    /** The only attempt is over and settled. */
    void settled(
            Attempt attempt,
            String outcome,
            int status,
            long latencyNanos,
            Settlement settlement,
            @Nullable Usage reported) {
        settled(1, true, attempt, outcome, status, latencyNanos, settlement, reported);
    }

    /**
     * An attempt is over and settled.
     *
     * @param number in the order in which they were sent, from 1
     * @param alone no other ran at the same time: the request has waited for this one
     */
    void settled(
            int number,
            boolean alone,
            Attempt attempt,
            String outcome,
            int status,
            long latencyNanos,
            Settlement settlement,
            @Nullable Usage reported) {
        attempts.add(attempt);
        numbers.add(number);
        var candidate = attempt.candidate();
        recorded.add(
                new UsageRecord.Attempt(
                        bareName(candidate.provider().key()),
                        candidate.model().name(),
                        outcome,
                        status,
                        TimeUnit.NANOSECONDS.toMillis(latencyNanos),
                        settlement.cost()));
        upstreamNanos += alone ? latencyNanos : 0;
        cost = cost.plus(settlement.cost());
        assumed |= settlement.assumed();
        if (reported != null) {
            usage = reported;
        }
    }

    /** Whether another target than the first one was tried last, or answered, as one failed. */
    boolean fallbackUsed() {
        if (attempts.size() < 2
                || attempts.stream().noneMatch(attempt -> isFailure(attempt.outcome()))) {
            return false;
        }
        var first = attempts.get(numbers.indexOf(Collections.min(numbers))).candidate();
        var last = winner == null ? attempts.getLast().candidate() : winner;
        return !first.target().name().equals(last.target().name());
    }

    /** In the order in which they were sent. */
    private List<UsageRecord.Attempt> inOrder() {
        return recorded.size() < 2 ? recorded : sorted();
    }

    private List<UsageRecord.Attempt> sorted() {
        return IntStream.range(0, numbers.size())
                .boxed()
                .sorted(Comparator.comparing(numbers::get))
                .map(recorded::get)
                .toList();
    }

    private static boolean isFailure(Outcome outcome) {
        return !(outcome instanceof Outcome.Success || outcome instanceof Outcome.Poor);
    }

    UsageRecord record(UsageRecord.Outcome outcome, int status, long latencyNanos, String traceId) {
        return new UsageRecord(
                requestId,
                startMillis,
                team,
                caller,
                tags,
                dialect,
                endpoint,
                results,
                route,
                strategy,
                provider,
                model,
                modelRequested,
                fallbackUsed(),
                inOrder(),
                cache == CacheResult.HIT,
                shadow,
                stream,
                usage,
                TimeUnit.NANOSECONDS.toMillis(latencyNanos),
                firstTokenNanos < 0 ? -1 : TimeUnit.NANOSECONDS.toMillis(firstTokenNanos),
                cost,
                assumed,
                costSource,
                budgets,
                steps,
                shadows(),
                outcome,
                status,
                traceId);
    }

    List<String> budgets() {
        return budgets;
    }

    List<String> steps() {
        return steps;
    }

    /** {@code openai} of {@code tollgate-system/openai}: records and headers use the bare name. */
    static String bareName(String key) {
        return key.substring(key.indexOf('/') + 1);
    }
}
