package dev.tollgate.policy.snapshot;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One Budget: who it charges, how much, for which window.
 *
 * @param key {@code namespace/name}
 * @param limitMicros micro-USD per window, null: only rate limits or a ceiling
 * @param period null exactly when {@code limitMicros} is
 * @param maxCostNanosPerRequest null: none
 * @param limits rates of its subject, null: none
 * @param namespaces whose callers it charges
 * @param perNamespace one counter for each namespace, else one for all
 * @param callers only these callers, named as in usage records; empty: all of the namespaces
 * @param models only these served models or patterns; empty: all
 * @param steps of the ladder, rising in percent; only with {@code limitMicros}
 * @param holding what an attempt holds; null: as the mode has it
 * @param suspended every matching request is refused
 * @param resetAtMillis when the last reset was asked for, Unix time; null: never
 * @param violatedAtMillis when a call was last seen that a provider billed above its bound, Unix
 *     time; null: never
 * @param toldAtMillis the same of a provider whose bills do not stop this Budget; at most one of
 *     the two is there
 * @param acknowledgedAtMillis violations until then stop nothing any more, Unix time; null: none
 * @param blocked the Budget was never accepted: matching requests of its own namespace are refused
 *     with this text; null in a sound one
 */
public record BudgetEntry(
        String key,
        @Nullable Long limitMicros,
        @Nullable Period period,
        @Nullable Long maxCostNanosPerRequest,
        @Nullable LimitsEntry limits,
        NamespaceSet namespaces,
        boolean perNamespace,
        List<String> callers,
        List<String> models,
        List<Tag> tags,
        List<Step> steps,
        Mode mode,
        OnLedgerUnavailable onLedgerUnavailable,
        @Nullable Holding holding,
        boolean suspended,
        @Nullable Long resetAtMillis,
        @Nullable Long violatedAtMillis,
        @Nullable Long toldAtMillis,
        @Nullable Long acknowledgedAtMillis,
        @Nullable String blocked) {

    public BudgetEntry {
        callers = List.copyOf(callers);
        models = List.copyOf(models);
        tags = List.copyOf(tags);
        steps = List.copyOf(steps);
    }

    /** One that refuses, with this text, whatever it matches. */
    public static BudgetEntry blocked(
            String key,
            NamespaceSet namespaces,
            List<String> callers,
            List<String> models,
            String why) {
        return new BudgetEntry(
                key,
                null,
                null,
                null,
                null,
                namespaces,
                false,
                callers,
                models,
                List.of(),
                List.of(),
                Mode.HARD,
                OnLedgerUnavailable.ALLOW_LEASED,
                null,
                false,
                null,
                null,
                null,
                null,
                why);
    }

    /** The same in mode Hard. */
    public BudgetEntry hard() {
        return new BudgetEntry(
                key,
                limitMicros,
                period,
                maxCostNanosPerRequest,
                limits,
                namespaces,
                perNamespace,
                callers,
                models,
                tags,
                steps,
                Mode.HARD,
                onLedgerUnavailable,
                holding,
                suspended,
                resetAtMillis,
                violatedAtMillis,
                toldAtMillis,
                acknowledgedAtMillis,
                blocked);
    }

    /** Whether it is an object of that namespace. */
    public boolean isIn(String namespace) {
        return key.startsWith(namespace + "/");
    }

    /** Whether a violation that was seen then is acknowledged. */
    public boolean acknowledges(long atMillis) {
        return acknowledgedAtMillis != null && atMillis <= acknowledgedAtMillis;
    }

    /** Whether a violation that was seen then stops this Budget. */
    public boolean stoppedBy(long atMillis) {
        return mode == Mode.HARD && !acknowledges(atMillis);
    }

    /** Whether the fleet saw a violation that stops this Budget. */
    public boolean violated() {
        return violatedAtMillis != null && stoppedBy(violatedAtMillis);
    }

    /** Whether a long stream may hold what it costs step by step, and not its whole bound. */
    public boolean stepped() {
        return holding == null ? mode != Mode.HARD : holding.stepped();
    }

    /** Whether a request that does not fit is asked for less output, and not refused. */
    public boolean clamps() {
        return holding == null || holding.clamps();
    }

    /**
     * What an attempt holds, and what becomes of one that does not fit.
     *
     * @param stepped a long stream holds what it costs step by step
     * @param clamps its output limit is lowered to what fits; else it is refused
     */
    public record Holding(boolean stepped, boolean clamps) {}

    /**
     * A calendar window: {@code startDay} is 1..28 for MONTH, 1..7 from Monday for WEEK, else 1.
     */
    public record Period(Type type, String timeZone, int startDay) {
        public enum Type {
            HOUR,
            DAY,
            WEEK,
            MONTH,
            LIFETIME
        }
    }

    /** Cost allocation by a header; never chooses who pays. */
    public record Tag(String name, String header, int maxValues) {}

    /**
     * What happens from a share of the limit on that is settled.
     *
     * @param name in the Budget
     * @param percent 1..100
     * @param downgradeTo a client-visible name; exactly with DOWNGRADE
     * @param maxOutputTokens exactly with CAP_OUTPUT
     */
    public record Step(
            String name,
            int percent,
            Action action,
            @Nullable String downgradeTo,
            @Nullable Long maxOutputTokens) {
        public enum Action {
            /** Only told. */
            ALERT,
            /** A cheaper model serves. */
            DOWNGRADE,
            /** Answers are at most so long. */
            CAP_OUTPUT,
            /** What costs anything is refused. */
            BLOCK
        }
    }

    public enum Mode {
        HARD,
        SOFT,
        SHADOW
    }

    public enum OnLedgerUnavailable {
        ALLOW_LEASED,
        BLOCK,
        ALLOW
    }
}
