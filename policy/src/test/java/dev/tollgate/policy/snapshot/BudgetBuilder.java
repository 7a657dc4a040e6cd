package dev.tollgate.policy.snapshot;

import dev.tollgate.policy.snapshot.BudgetEntry.Holding;
import dev.tollgate.policy.snapshot.BudgetEntry.Mode;
import dev.tollgate.policy.snapshot.BudgetEntry.OnLedgerUnavailable;
import dev.tollgate.policy.snapshot.BudgetEntry.Period;
import dev.tollgate.policy.snapshot.BudgetEntry.Step;
import dev.tollgate.policy.snapshot.BudgetEntry.Tag;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes Budgets for tests, of this module and of others: a hard one of its own namespace for a
 * month, but for what is said.
 */
public final class BudgetBuilder {

    private final String key;
    private @Nullable Long limitMicros;
    private Period period = new Period(Period.Type.MONTH, "UTC", 1);
    private @Nullable Long maxCostNanosPerRequest;
    private @Nullable LimitsEntry limits;
    private NamespaceSet namespaces;
    private boolean perNamespace;
    private List<String> callers = List.of();
    private List<String> models = List.of();
    private List<Tag> tags = List.of();
    private List<Step> steps = List.of();
    private Mode mode = Mode.HARD;
    private OnLedgerUnavailable onLedgerUnavailable = OnLedgerUnavailable.ALLOW_LEASED;
    private @Nullable Holding holding;
    private boolean suspended;
    private @Nullable Long resetAtMillis;
    private @Nullable Long violatedAtMillis;
    private @Nullable Long toldAtMillis;
    private @Nullable Long acknowledgedAtMillis;
    private @Nullable String blocked;

    private BudgetBuilder(String key) {
        this.key = key;
        this.namespaces = NamespaceSet.of(List.of(key.substring(0, key.indexOf('/'))));
    }

    /** One without an amount, until {@link #limit} gives it one. */
    public static BudgetBuilder budget(String key) {
        return new BudgetBuilder(key);
    }

    /** Another one as this. */
    public static BudgetBuilder as(BudgetEntry entry) {
        return as(entry, entry.key());
    }

    /** The same under another name. */
    public static BudgetBuilder as(BudgetEntry entry, String key) {
        var builder = new BudgetBuilder(key);
        if (entry.period() != null) {
            builder.period = entry.period();
        }
        builder.limitMicros = entry.limitMicros();
        builder.maxCostNanosPerRequest = entry.maxCostNanosPerRequest();
        builder.limits = entry.limits();
        builder.namespaces = entry.namespaces();
        builder.perNamespace = entry.perNamespace();
        builder.callers = entry.callers();
        builder.models = entry.models();
        builder.tags = entry.tags();
        builder.steps = entry.steps();
        builder.mode = entry.mode();
        builder.onLedgerUnavailable = entry.onLedgerUnavailable();
        builder.holding = entry.holding();
        builder.suspended = entry.suspended();
        builder.resetAtMillis = entry.resetAtMillis();
        builder.violatedAtMillis = entry.violatedAtMillis();
        builder.toldAtMillis = entry.toldAtMillis();
        builder.acknowledgedAtMillis = entry.acknowledgedAtMillis();
        builder.blocked = entry.blocked();
        return builder;
    }

    /** Null: no amount, and so no period. */
    public BudgetBuilder limit(@Nullable Long micros) {
        limitMicros = micros;
        return this;
    }

    public BudgetBuilder limit(long micros) {
        limitMicros = micros;
        return this;
    }

    public BudgetBuilder period(Period.Type type) {
        return period(new Period(type, "UTC", 1));
    }

    public BudgetBuilder period(Period of) {
        period = of;
        return this;
    }

    public BudgetBuilder limits(@Nullable LimitsEntry of) {
        limits = of;
        return this;
    }

    public BudgetBuilder namespaces(NamespaceSet of) {
        namespaces = of;
        return this;
    }

    public BudgetBuilder perNamespace(boolean is) {
        perNamespace = is;
        return this;
    }

    public BudgetBuilder callers(List<String> names) {
        callers = names;
        return this;
    }

    public BudgetBuilder models(List<String> names) {
        models = names;
        return this;
    }

    public BudgetBuilder tags(Tag... of) {
        tags = List.of(of);
        return this;
    }

    public BudgetBuilder steps(List<Step> of) {
        steps = of;
        return this;
    }

    public BudgetBuilder mode(Mode of) {
        mode = of;
        return this;
    }

    public BudgetBuilder onLedgerUnavailable(OnLedgerUnavailable does) {
        onLedgerUnavailable = does;
        return this;
    }

    public BudgetBuilder holding(@Nullable Holding of) {
        holding = of;
        return this;
    }

    public BudgetBuilder suspended(boolean is) {
        suspended = is;
        return this;
    }

    public BudgetBuilder resetAt(@Nullable Instant at) {
        resetAtMillis = at == null ? null : (Long) at.toEpochMilli();
        return this;
    }

    public BudgetBuilder violatedAt(@Nullable Instant at) {
        violatedAtMillis = at == null ? null : (Long) at.toEpochMilli();
        return this;
    }

    public BudgetBuilder ceiling(long nanosPerRequest) {
        maxCostNanosPerRequest = nanosPerRequest;
        return this;
    }

    public BudgetBuilder toldAt(@Nullable Instant at) {
        toldAtMillis = at == null ? null : (Long) at.toEpochMilli();
        return this;
    }

    public BudgetBuilder acknowledgedAt(@Nullable Instant at) {
        acknowledgedAtMillis = at == null ? null : (Long) at.toEpochMilli();
        return this;
    }

    public BudgetBuilder blocked(@Nullable String why) {
        blocked = why;
        return this;
    }

    public BudgetEntry build() {
        return new BudgetEntry(
                key,
                limitMicros,
                limitMicros == null ? null : period,
                maxCostNanosPerRequest,
                limits,
                namespaces,
                perNamespace,
                callers,
                models,
                tags,
                steps,
                mode,
                onLedgerUnavailable,
                holding,
                suspended,
                resetAtMillis,
                violatedAtMillis,
                toldAtMillis,
                acknowledgedAtMillis,
                blocked);
    }
}
