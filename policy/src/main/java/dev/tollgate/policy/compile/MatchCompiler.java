package dev.tollgate.policy.compile;

import dev.tollgate.crds.route.ComplexityClass;
import dev.tollgate.crds.route.HeaderMatch;
import dev.tollgate.crds.route.Match;
import dev.tollgate.crds.route.Requirement;
import dev.tollgate.crds.route.TimeWindow;
import dev.tollgate.policy.snapshot.RuleEntry;
import java.time.DayOfWeek;
import java.time.ZoneId;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The conditions of one rule; api.md, section 3 and R54, R55. */
final class MatchCompiler {

    private static final Pattern CLOCK = Pattern.compile("([01][0-9]|2[0-3]):([0-5][0-9])");
    private static final int MINUTES_PER_HOUR = 60;
    private static final int MINUTES_PER_DAY = 24 * MINUTES_PER_HOUR;

    private final String namespace;
    private final @Nullable Match match;
    private final String at;
    private final Findings findings;

    MatchCompiler(String namespace, @Nullable Match match, String at, Findings findings) {
        this.namespace = namespace;
        this.match = match;
        this.at = at;
        this.findings = findings;
    }

    /** Null: the rule always matches. */
    RuleEntry.@Nullable Match compile() {
        if (match == null) {
            return null;
        }
        if (isEmpty(match)) {
            findings.invalid(at, "empty (expected: at least one member)");
        }
        var tokens = match.estimatedInputTokens();
        var min = tokens == null ? null : tokens.min();
        var max = tokens == null ? null : tokens.max();
        if (min != null && min < 0
                || max != null && max < 1
                || min != null && max != null && min >= max) {
            findings.invalid(
                    at + ".estimatedInputTokens",
                    "min " + min + ", max " + max + " (expected: min below max, both at least 0)");
        }
        return new RuleEntry.Match(
                match.headers().stream().map(this::header).filter(Objects::nonNull).toList(),
                match.serviceAccounts().stream()
                        .map(text -> Callers.serviceAccount(namespace, text))
                        .sorted()
                        .toList(),
                min,
                max,
                requires(match.requires()),
                complexity(match.complexity()),
                match.time() == null ? null : time(match.time()));
    }

    private static boolean isEmpty(Match match) {
        return match.headers().isEmpty()
                && match.serviceAccounts().isEmpty()
                && match.estimatedInputTokens() == null
                && match.requires().isEmpty()
                && match.complexity().isEmpty()
                && match.time() == null;
    }

    private RuleEntry.@Nullable HeaderMatch header(HeaderMatch header) {
        var path = at + ".headers";
        if (RuleCompiler.CREDENTIAL_HEADERS.contains(header.name())) {
            findings.invalid(path, header.name() + " (expected: no header of a credential)");
            return null;
        }
        var type = header.type() == null ? HeaderMatch.Type.EXACT : header.type();
        if (type == HeaderMatch.Type.UNKNOWN) {
            findings.unsupported(path, "a type of a newer version");
            return null;
        }
        boolean present = type == HeaderMatch.Type.PRESENT;
        if (present == (header.value() != null)) {
            findings.invalid(
                    path, header.name() + " (expected: a value, unless the type is Present)");
            return null;
        }
        return new RuleEntry.HeaderMatch(
                header.name(), type == HeaderMatch.Type.PREFIX, header.value());
    }

    private List<String> requires(List<Requirement> requirements) {
        if (requirements.contains(Requirement.UNKNOWN)) {
            findings.unsupported(at + ".requires", "a value of a newer version");
        }
        return requirements.stream()
                .filter(requirement -> requirement != Requirement.UNKNOWN)
                .map(WireName::of)
                .sorted()
                .toList();
    }

    private Set<RuleEntry.ComplexityClass> complexity(List<ComplexityClass> classes) {
        var levels = EnumSet.noneOf(RuleEntry.ComplexityClass.class);
        for (var level : classes) {
            switch (level) {
                case SIMPLE -> levels.add(RuleEntry.ComplexityClass.SIMPLE);
                case MODERATE -> levels.add(RuleEntry.ComplexityClass.MODERATE);
                case COMPLEX -> levels.add(RuleEntry.ComplexityClass.COMPLEX);
                case UNKNOWN ->
                        findings.unsupported(at + ".complexity", "a value of a newer version");
            }
        }
        return levels;
    }

    private RuleEntry.TimeWindow time(TimeWindow time) {
        var path = at + ".time";
        var zone = time.timeZone() == null ? "UTC" : time.timeZone();
        if (!zone.equals("UTC") && !ZoneId.getAvailableZoneIds().contains(zone)) {
            findings.invalid(
                    path + ".timeZone",
                    zone + " (expected: a zone of the tz database, such as Europe/Berlin)");
            zone = "UTC";
        }
        int from = minute(time.from(), path + ".from", 0);
        int to = minute(time.to(), path + ".to", MINUTES_PER_DAY);
        if (from == to) {
            findings.invalid(path, time.from() + " to " + time.to() + " (expected: two times)");
        }
        return new RuleEntry.TimeWindow(zone, days(time.days(), path + ".days"), from, to);
    }

    private int minute(@Nullable String text, String path, int otherwise) {
        if (text == null) {
            return otherwise;
        }
        var matcher = CLOCK.matcher(text);
        if (!matcher.matches()) {
            findings.invalid(path, text + " (expected: hours and minutes, such as \"22:00\")");
            return otherwise;
        }
        return Integer.parseInt(matcher.group(1)) * MINUTES_PER_HOUR
                + Integer.parseInt(matcher.group(2));
    }

    private Set<DayOfWeek> days(List<TimeWindow.Day> written, String path) {
        var days = EnumSet.noneOf(DayOfWeek.class);
        for (var day : written) {
            switch (day) {
                case MON -> days.add(DayOfWeek.MONDAY);
                case TUE -> days.add(DayOfWeek.TUESDAY);
                case WED -> days.add(DayOfWeek.WEDNESDAY);
                case THU -> days.add(DayOfWeek.THURSDAY);
                case FRI -> days.add(DayOfWeek.FRIDAY);
                case SAT -> days.add(DayOfWeek.SATURDAY);
                case SUN -> days.add(DayOfWeek.SUNDAY);
                case UNKNOWN -> findings.unsupported(path, "a value of a newer version");
            }
        }
        return days;
    }
}
