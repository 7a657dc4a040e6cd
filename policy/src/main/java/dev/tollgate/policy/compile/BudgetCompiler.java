package dev.tollgate.policy.compile;

import dev.tollgate.crds.budget.BudgetSpec;
import dev.tollgate.crds.budget.BudgetSpec.Suspend;
import dev.tollgate.crds.budget.Enforcement;
import dev.tollgate.crds.budget.Period;
import dev.tollgate.crds.budget.Subject;
import dev.tollgate.crds.budget.Tag;
import dev.tollgate.crds.budget.ViolationStatus;
import dev.tollgate.crds.resource.Budget;
import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.NamespaceSet;
import dev.tollgate.policy.violation.Violation;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One Budget to its entry (api.md, section 4). */
final class BudgetCompiler {

    /** An instant: what is spent until then counts no more against the amount (api.md, B6). */
    static final String RESET_AT = "tollgate.dev/reset-requested-at";

    private static final int DEFAULT_TAG_VALUES = 50;

    /** The largest total that the ledger's JSON carries exactly: 2^53 - 1 micro-USD. */
    private static final long MAX_MICROS = (1L << 53) - 1;

    private final Surroundings around;
    private final String namespace;
    private final String key;
    private final BudgetSpec spec;
    private final Asked asked;
    private final @Nullable ViolationStatus violation;
    private final Findings findings;

    /**
     * What annotations ask for; null: it is not there.
     *
     * @param resetAt {@value #RESET_AT}
     * @param acknowledgedAt {@value Violation#ACKNOWLEDGED_AT}
     */
    record Asked(@Nullable String resetAt, @Nullable String acknowledgedAt) {
        static Asked by(Map<String, String> annotations) {
            return new Asked(annotations.get(RESET_AT), annotations.get(Violation.ACKNOWLEDGED_AT));
        }
    }

    /**
     * @param violation the last that the fleet saw; null: never
     */
    BudgetCompiler(
            Surroundings around,
            BudgetSpec spec,
            Asked asked,
            @Nullable ViolationStatus violation,
            Findings findings) {
        this.asked = asked;
        this.violation = violation;
        this.around = around;
        this.namespace = findings.object().namespace();
        this.key = namespace + "/" + findings.object().name();
        this.spec = spec;
        this.findings = findings;
    }

    /** Null: rejected. */
    @Nullable BudgetEntry compile() {
        refuseUnsupported();
        var amount = findings.money(spec.amount(), "spec.amount");
        var ceiling = findings.money(spec.maxCostPerRequest(), "spec.maxCostPerRequest");
        if (amount != null && amount.microsUp() > MAX_MICROS) {
            findings.invalid("spec.amount", spec.amount() + " (expected: at most 9.0 billion)");
        }
        if (spec.amount() == null && spec.maxCostPerRequest() == null && spec.limits() == null) {
            findings.invalid("spec", "no limit (expected: amount, limits or maxCostPerRequest)");
        }
        if ((spec.amount() == null) != (spec.period() == null)) {
            findings.invalid("spec.period", "(expected: exactly when there is an amount)");
        }
        if (spec.currency() != null && !spec.currency().equals("USD")) {
            findings.reject(
                    ConditionReason.CURRENCY_UNSUPPORTED,
                    "spec.currency",
                    spec.currency() + " (expected: USD)");
        }
        var period = period();
        var namespaces = namespaces();
        var entry =
                new BudgetEntry(
                        key,
                        amount == null || period == null ? null : (Long) amount.microsUp(),
                        amount == null ? null : period,
                        ceiling == null ? null : (Long) ceiling.nanos(),
                        LimitsCompiler.of(spec.limits(), findings),
                        namespaces,
                        each() == Subject.Each.NAMESPACE,
                        callers(),
                        spec.models().stream().sorted().toList(),
                        tags(),
                        StepCompiler.of(spec.thresholds(), spec.amount() != null, findings),
                        mode(),
                        onLedgerUnavailable(),
                        holding(),
                        suspended(),
                        millis(RESET_AT, asked.resetAt()),
                        amount == null ? null : violatedAt(true),
                        amount == null ? null : violatedAt(false),
                        acknowledgedAt(),
                        null);
        return findings.accepted() ? entry : null;
    }

    /**
     * B9: a Budget that was never accepted refuses what it would match in its own namespace, and
     * nothing in others. Null: it would match nothing there, as one for users alone where there is
     * no issuer that could name one.
     */
    @Nullable BudgetEntry blocked(String reason) {
        var subject = spec.subject();
        var selector = subject == null ? null : subject.namespaceSelector();
        boolean reachesOwn =
                selector == null
                        || !around.isPlatform(namespace)
                        || around.selected(selector).contains(namespace);
        boolean usersAlone = subject != null && !subject.users().isEmpty() && callers().isEmpty();
        if (!reachesOwn || usersAlone) {
            return null;
        }
        return BudgetEntry.blocked(
                key,
                NamespaceSet.of(List.of(namespace)),
                callers(),
                spec.models().stream().sorted().toList(),
                "Budget " + key + " is not accepted: " + reason);
    }

    /**
     * C4: an invalid later spec serves on as this earlier one, but a lower amount or ceiling and a
     * Hold of the later one count at once.
     */
    static BudgetEntry tightened(BudgetEntry earlier, BudgetSpec later) {
        var amount = amount(later.amount());
        var ceiling = amount(later.maxCostPerRequest());
        return new BudgetEntry(
                earlier.key(),
                lower(earlier.limitMicros(), amount == null ? null : (Long) amount.microsUp()),
                earlier.period(),
                earlier.maxCostNanosPerRequest() == null && ceiling != null
                        ? (Long) ceiling.nanos()
                        : lower(
                                earlier.maxCostNanosPerRequest(),
                                ceiling == null ? null : (Long) ceiling.nanos()),
                earlier.limits(),
                earlier.namespaces(),
                earlier.perNamespace(),
                earlier.callers(),
                earlier.models(),
                earlier.tags(),
                earlier.steps(),
                earlier.mode(),
                earlier.onLedgerUnavailable(),
                earlier.holding(),
                earlier.suspended() || later.suspend() == Suspend.HOLD,
                earlier.resetAtMillis(),
                earlier.violatedAtMillis(),
                earlier.toldAtMillis(),
                earlier.acknowledgedAtMillis(),
                null);
    }

    /** Of the annotations what the earlier spec can bear. */
    static Asked readable(Budget budget, BudgetSpec earlier, Instant now) {
        var asked = Asked.by(budget.metadata().annotations());
        if (earlier.amount() == null) {
            return new Asked(null, null);
        }
        var acknowledged = asked.acknowledgedAt() == null ? null : instant(asked.acknowledgedAt());
        return new Asked(
                asked.resetAt() == null || instant(asked.resetAt()) == null
                        ? null
                        : asked.resetAt(),
                acknowledged == null || isTooLate(acknowledged, now)
                        ? null
                        : asked.acknowledgedAt());
    }

    /** It would acknowledge what nobody can have seen, and later ones could not be. */
    private static boolean isTooLate(Instant acknowledged, Instant now) {
        return acknowledged.isAfter(now.plus(Violation.AHEAD));
    }

    /** Null: it is none. */
    private static @Nullable Instant instant(String text) {
        try {
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    private static @Nullable Money amount(@Nullable String text) {
        if (text == null) {
            return null;
        }
        try {
            var money = Money.parse(text);
            return money.nanos() > 0 ? money : null;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static @Nullable Long lower(@Nullable Long earlier, @Nullable Long later) {
        return earlier == null || later == null ? earlier : (Long) Math.min(earlier, later);
    }

    private void refuseUnsupported() {
        var enforcement = spec.enforcement();
        boolean shadow = enforcement != null && enforcement.mode() == Enforcement.Mode.SHADOW;
        if (spec.limits() != null && shadow) {
            findings.unsupported("spec.limits", "a rate limit with enforcement mode Shadow");
        }
        findings.unsupportedIf(spec.anomaly() != null, "spec.anomaly");
        var subject = spec.subject();
        if (subject != null && !subject.users().isEmpty() && around.externalIssuers().isEmpty()) {
            findings.reject(
                    ConditionReason.UNSUPPORTED_VALUE,
                    "spec.subject.users",
                    "no oidcIssuers are configured, so that nobody could be meant");
        }
    }

    /** An instant that an annotation names. */
    private @Nullable Long millis(String annotation, @Nullable String text) {
        if (text == null) {
            return null;
        }
        var path = "metadata.annotations." + annotation;
        if (spec.amount() == null) {
            findings.invalid(path, "present (expected: with an amount)");
            return null;
        }
        var instant = instant(text);
        if (instant == null) {
            findings.invalid(path, text + " (expected: a time such as 2026-11-02T08:00:00Z)");
            return null;
        }
        return instant.toEpochMilli();
    }

    private @Nullable Long violatedAt(boolean stops) {
        return violation == null || violation.stops() != stops
                ? null
                : (Long) violation.at().toEpochMilli();
    }

    private @Nullable Long acknowledgedAt() {
        var text = asked.acknowledgedAt();
        var millis = millis(Violation.ACKNOWLEDGED_AT, text);
        if (millis != null && isTooLate(Instant.ofEpochMilli(millis), around.settings().now())) {
            findings.invalid(
                    "metadata.annotations." + Violation.ACKNOWLEDGED_AT,
                    text + " (expected: at most a day ahead)");
            return null;
        }
        return millis;
    }

    private BudgetEntry.@Nullable Period period() {
        var period = spec.period();
        if (period == null) {
            return null;
        }
        var zone = period.timeZone() == null ? "UTC" : period.timeZone();
        if (!zone.equals("UTC") && !ZoneId.getAvailableZoneIds().contains(zone)) {
            findings.reject(
                    ConditionReason.INVALID_TIME_ZONE,
                    "spec.period.timeZone",
                    zone + " (expected: a zone of the tz database, such as Europe/Berlin)");
            zone = "UTC";
        }
        return switch (period.type()) {
            case HOUR -> plain(BudgetEntry.Period.Type.HOUR, zone, period);
            case DAY -> plain(BudgetEntry.Period.Type.DAY, zone, period);
            case LIFETIME -> plain(BudgetEntry.Period.Type.LIFETIME, zone, period);
            case WEEK -> startingOn(BudgetEntry.Period.Type.WEEK, zone, period, 7);
            case MONTH -> startingOn(BudgetEntry.Period.Type.MONTH, zone, period, 28);
            case UNKNOWN -> {
                findings.unsupported("spec.period.type", "a value of a newer version");
                yield null;
            }
        };
    }

    private BudgetEntry.Period plain(BudgetEntry.Period.Type type, String zone, Period period) {
        if (period.startDay() != null) {
            findings.invalid("spec.period.startDay", "present (expected: with Week and Month)");
        }
        return new BudgetEntry.Period(type, zone, 1);
    }

    private BudgetEntry.Period startingOn(
            BudgetEntry.Period.Type type, String zone, Period period, int most) {
        int day = period.startDay() == null ? 1 : period.startDay();
        if (day < 1 || day > most) {
            findings.invalid("spec.period.startDay", day + " (expected: 1.." + most + ")");
        }
        return new BudgetEntry.Period(type, zone, day);
    }

    private NamespaceSet namespaces() {
        var own = NamespaceSet.of(List.of(namespace));
        var subject = spec.subject();
        var selector = subject == null ? null : subject.namespaceSelector();
        if (subject == null || selector == null) {
            if (each() == Subject.Each.NAMESPACE) {
                findings.invalid(
                        "spec.subject.each", "Namespace (expected: with namespaceSelector)");
            }
            return own;
        }
        if (!around.isPlatform(namespace)) {
            findings.reject(
                    ConditionReason.SCOPE_NOT_PERMITTED,
                    "spec.subject.namespaceSelector",
                    "present (expected: in the platform namespace only)");
            return own;
        }
        if (!Surroundings.isKnown(selector)) {
            findings.unsupported(
                    "spec.subject.namespaceSelector", "an operator of a newer version");
        }
        if (!callers().isEmpty()) {
            findings.invalid(
                    "spec.subject", "namespaceSelector with callers (expected: one of them)");
        }
        return around.selected(selector);
    }

    private Subject.@Nullable Each each() {
        var subject = spec.subject();
        var each = subject == null ? null : subject.each();
        if (each == Subject.Each.UNKNOWN) {
            findings.unsupported("spec.subject.each", "a value of a newer version");
        }
        return each;
    }

    private List<String> callers() {
        var subject = spec.subject();
        if (subject == null) {
            return List.of();
        }
        var callers = new ArrayList<String>();
        subject.serviceAccounts().forEach(n -> callers.add("sa:" + namespace + "/" + n));
        subject.clientKeys().forEach(n -> callers.add(Callers.clientKey(namespace, n)));
        for (var issuer : around.externalIssuers()) {
            subject.users().forEach(user -> callers.add(issuer.user(user)));
        }
        return callers.stream().sorted().distinct().toList();
    }

    private List<BudgetEntry.Tag> tags() {
        var names = new HashSet<String>();
        for (var tag : spec.tags()) {
            if (!names.add(tag.name())) {
                findings.invalid("spec.tags", tag.name() + " (expected: one tag a name)");
            }
        }
        return spec.tags().stream().map(BudgetCompiler::tag).toList();
    }

    private static BudgetEntry.Tag tag(Tag tag) {
        int most = tag.maxValues() == null ? DEFAULT_TAG_VALUES : tag.maxValues();
        return new BudgetEntry.Tag(tag.name(), tag.header(), most);
    }

    private BudgetEntry.Mode mode() {
        var enforcement = spec.enforcement();
        var mode = enforcement == null ? null : enforcement.mode();
        if (mode == null) {
            return BudgetEntry.Mode.HARD;
        }
        return switch (mode) {
            case HARD -> BudgetEntry.Mode.HARD;
            case SOFT -> BudgetEntry.Mode.SOFT;
            case SHADOW -> BudgetEntry.Mode.SHADOW;
            case UNKNOWN -> {
                findings.unsupported("spec.enforcement.mode", "a value of a newer version");
                yield BudgetEntry.Mode.HARD;
            }
        };
    }

    private BudgetEntry.OnLedgerUnavailable onLedgerUnavailable() {
        var enforcement = spec.enforcement();
        var written = enforcement == null ? null : enforcement.onLedgerUnavailable();
        if (written == null) {
            return BudgetEntry.OnLedgerUnavailable.ALLOW_LEASED;
        }
        var path = "spec.enforcement.onLedgerUnavailable";
        if (written == Enforcement.OnLedgerUnavailable.ALLOW && mode() == BudgetEntry.Mode.HARD) {
            findings.invalid(path, "Allow (expected: with mode Soft or Shadow)");
        }
        return switch (written) {
            case ALLOW_LEASED -> BudgetEntry.OnLedgerUnavailable.ALLOW_LEASED;
            case BLOCK -> BudgetEntry.OnLedgerUnavailable.BLOCK;
            case ALLOW -> BudgetEntry.OnLedgerUnavailable.ALLOW;
            case UNKNOWN -> {
                findings.unsupported(path, "a value of a newer version");
                yield BudgetEntry.OnLedgerUnavailable.ALLOW_LEASED;
            }
        };
    }

    private BudgetEntry.@Nullable Holding holding() {
        var enforcement = spec.enforcement();
        if (enforcement == null) {
            return null;
        }
        var hold = enforcement.hold();
        var whenShort = enforcement.whenShort();
        if (hold == Enforcement.Hold.UNKNOWN) {
            findings.unsupported("spec.enforcement.hold", "a value of a newer version");
        }
        if (whenShort == Enforcement.WhenShort.UNKNOWN) {
            findings.unsupported("spec.enforcement.whenShort", "a value of a newer version");
        }
        boolean clamps = whenShort != Enforcement.WhenShort.REFUSE;
        return hold == null && clamps
                ? null
                : new BudgetEntry.Holding(
                        hold == null
                                ? mode() != BudgetEntry.Mode.HARD
                                : hold == Enforcement.Hold.STEPPED,
                        clamps);
    }

    private boolean suspended() {
        if (spec.suspend() == Suspend.UNKNOWN) {
            findings.unsupported("spec.suspend", "a value of a newer version");
        }
        return spec.suspend() == Suspend.HOLD;
    }
}
