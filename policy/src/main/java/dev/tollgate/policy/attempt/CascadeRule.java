package dev.tollgate.policy.attempt;

import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.snapshot.SelectionEntry.Cascade;
import dev.tollgate.policy.snapshot.SelectionEntry.StepUp;
import java.time.Instant;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Which answers of a cascade are held back and which of them are not good enough (api.md, R16). An
 * answer of the last step is not judged: whatever it is, nobody else would be asked. Failures are
 * no matter of a cascade: what follows them is {@code retry}'s to say, but a target that failed has
 * been asked, and counts as a step.
 */
public final class CascadeRule {

    private CascadeRule() {}

    /**
     * Whether an answer of this target may be followed by a further step.
     *
     * @param attempts those before it
     */
    public static boolean judges(
            RoutePlan plan,
            List<Attempt> attempts,
            Candidate candidate,
            Telemetry telemetry,
            Instant now,
            RandomGenerator random) {
        var cascade = plan.selection().cascade();
        if (cascade == null || cascade.stepUpOn().isEmpty()) {
            return false;
        }
        long asked = asked(attempts) + (isUntried(candidate, attempts) ? 1 : 0);
        return asked < cascade.maxSteps()
                && Selection.next(
                                plan,
                                other -> isUntried(other, attempts) && !isSame(other, candidate),
                                telemetry,
                                now,
                                random)
                        instanceof Selection.Chosen;
    }

    /** Whether the rule wants a better answer than this one. */
    public static boolean isPoor(Cascade cascade, Assessment answer) {
        var causes = cascade.stepUpOn();
        return (causes.contains(StepUp.FAILURE) && (answer.empty() || answer.truncated()))
                || (causes.contains(StepUp.REFUSAL) && answer.refused())
                || (causes.contains(StepUp.INVALID_JSON) && answer.invalidJson())
                || (causes.contains(StepUp.LOW_CONFIDENCE) && isDoubtful(cascade, answer));
    }

    /**
     * How little a poor answer is worth to a client that gets no better one: the lower, the better.
     */
    public static int poverty(Assessment answer) {
        if (answer.empty()) {
            return 4;
        }
        if (answer.refused()) {
            return 3;
        }
        if (answer.invalidJson()) {
            return 2;
        }
        return answer.truncated() ? 1 : 0;
    }

    /** The provider's own figures count where there are any, else what the answer says. */
    private static boolean isDoubtful(Cascade cascade, Assessment answer) {
        var confidence = answer.confidencePercent();
        return confidence.isPresent()
                ? confidence.getAsInt() < cascade.minConfidencePercent()
                : answer.doubtful();
    }

    /** What follows an answer that was not good enough. */
    static Decision next(
            RoutePlan plan, List<Attempt> attempts, AttemptRule.Circumstances circumstances) {
        var cascade = plan.selection().cascade();
        if (cascade == null || asked(attempts) >= cascade.maxSteps()) {
            return new Decision.GiveUp(Decision.Reason.STEPS_SPENT);
        }
        if (!circumstances.now().isBefore(circumstances.deadline())) {
            return new Decision.GiveUp(Decision.Reason.DEADLINE);
        }
        var next =
                Selection.next(
                        plan,
                        candidate -> isUntried(candidate, attempts),
                        circumstances.telemetry(),
                        circumstances.now(),
                        circumstances.random());
        return switch (next) {
            case Selection.Chosen chosen -> new Decision.StepUp(chosen.candidate());
            case Selection.None none -> new Decision.GiveUp(Decision.Reason.NO_TARGET_LEFT);
        };
    }

    private static long asked(List<Attempt> attempts) {
        return attempts.stream().map(a -> a.candidate().target().name()).distinct().count();
    }

    static boolean isUntried(Candidate candidate, List<Attempt> attempts) {
        return attempts.stream().noneMatch(a -> isSame(a.candidate(), candidate));
    }

    private static boolean isSame(Candidate one, Candidate other) {
        return one.target().name().equals(other.target().name());
    }
}
