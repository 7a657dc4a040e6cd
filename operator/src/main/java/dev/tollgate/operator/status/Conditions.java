package dev.tollgate.operator.status;

import dev.tollgate.crds.resource.Condition;
import dev.tollgate.crds.resource.Condition.Status;
import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.crds.resource.ConditionType;
import dev.tollgate.operator.push.Fleet;
import dev.tollgate.policy.compile.Finding;
import dev.tollgate.policy.compile.Verdict;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The conditions of one object (api.md, section 5): the compiler's findings, Programmed by what
 * every live proxy acknowledged, Ready from both, and Reconciling or Stalled only while true. A
 * transition time changes only when a status flips.
 */
public final class Conditions {

    static final int MAX_MESSAGE_CHARS = 1_024;

    private Conditions() {}

    /**
     * @param rejection what a proxy said of this generation; null: nothing
     * @param information further conditions, which never count for Ready
     * @param before the conditions that are reported now
     */
    public static List<Condition> of(
            Verdict verdict,
            Fleet.Progress progress,
            Picture.@Nullable Rejection rejection,
            List<Finding> information,
            List<Condition> before,
            Instant now) {
        var findings = new ArrayList<>(verdict.findings());
        var programmed = programmed(verdict, progress, rejection);
        findings.add(programmed);
        findings.add(ready(verdict, programmed));
        findings.addAll(information);
        if (!verdict.accepted() || programmed.reason() == ConditionReason.REJECTED_BY_PROXY) {
            var cause = verdict.accepted() ? programmed : accepted(verdict);
            findings.add(
                    new Finding(
                            ConditionType.STALLED, Status.TRUE, cause.reason(), cause.message()));
        } else if (!programmed.isTrue()) {
            findings.add(
                    new Finding(
                            ConditionType.RECONCILING,
                            Status.TRUE,
                            programmed.reason(),
                            programmed.message()));
        }
        return stamped(findings, verdict.generation(), before, now);
    }

    private static Finding accepted(Verdict verdict) {
        return verdict.finding(ConditionType.ACCEPTED)
                .orElseThrow(
                        () ->
                                new IllegalStateException(
                                        verdict.object() + ": no Accepted finding"));
    }

    private static Finding programmed(
            Verdict verdict, Fleet.Progress progress, Picture.@Nullable Rejection rejection) {
        if (rejection != null && rejection.generation() == verdict.generation()) {
            return no(ConditionReason.REJECTED_BY_PROXY, rejection.text());
        }
        var served = verdict.servedGeneration();
        if (served == null) {
            return no(
                    ConditionReason.PENDING,
                    "nothing of it is served: " + worst(verdict).message());
        }
        if (served != verdict.generation()) {
            return no(
                    ConditionReason.PENDING,
                    "generation " + served + " is served: " + accepted(verdict).message());
        }
        if (progress.live() == 0) {
            return no(ConditionReason.NO_PROXIES, "no proxy is connected");
        }
        return progress.complete()
                ? new Finding(
                        ConditionType.PROGRAMMED,
                        Status.TRUE,
                        ConditionReason.PROGRAMMED,
                        progress.toString())
                : no(ConditionReason.PROGRESSING, progress.toString());
    }

    private static Finding no(ConditionReason reason, String message) {
        return new Finding(ConditionType.PROGRAMMED, Status.FALSE, reason, message);
    }

    private static Finding worst(Verdict verdict) {
        var accepted = accepted(verdict);
        if (!accepted.isTrue()) {
            return accepted;
        }
        return verdict.finding(ConditionType.RESOLVED_REFS)
                .filter(f -> !f.isTrue())
                .orElse(accepted);
    }

    private static Finding ready(Verdict verdict, Finding programmed) {
        var accepted = accepted(verdict);
        Finding cause =
                !accepted.isTrue()
                        ? accepted
                        : !verdict.usable()
                                ? worst(verdict)
                                : !programmed.isTrue() ? programmed : null;
        return cause == null
                ? new Finding(
                        ConditionType.READY,
                        Status.TRUE,
                        ConditionReason.READY,
                        "served by " + programmed.message())
                : new Finding(ConditionType.READY, Status.FALSE, cause.reason(), cause.message());
    }

    /** With generation and time; sorted by type. */
    static List<Condition> stamped(
            List<Finding> findings, long generation, List<Condition> before, Instant now) {
        var known = byType(before);
        var second = now.truncatedTo(ChronoUnit.SECONDS);
        return findings.stream()
                .map(
                        f -> {
                            var old = known.get(f.type());
                            return new Condition(
                                    f.type(),
                                    f.status(),
                                    f.reason(),
                                    shortened(f.message()),
                                    generation,
                                    old != null && old.status() == f.status()
                                            ? old.lastTransitionTime()
                                            : second);
                        })
                .sorted(Comparator.comparing(Condition::type))
                .toList();
    }

    static Map<ConditionType, Condition> byType(List<Condition> conditions) {
        var map = new EnumMap<ConditionType, Condition>(ConditionType.class);
        conditions.forEach(c -> map.put(c.type(), c));
        return map;
    }

    /** Whether they say the same, in whatever order. */
    public static boolean same(List<Condition> one, List<Condition> other) {
        return byType(one).equals(byType(other));
    }

    private static String shortened(String message) {
        return message.length() <= MAX_MESSAGE_CHARS
                ? message
                : message.substring(0, MAX_MESSAGE_CHARS - 1) + "\u2026";
    }
}
