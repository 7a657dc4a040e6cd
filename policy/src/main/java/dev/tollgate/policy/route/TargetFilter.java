package dev.tollgate.policy.route;

import dev.tollgate.policy.snapshot.RuleEntry;
import org.jspecify.annotations.Nullable;

/** The filters that are always on, as far as snapshot and request decide them; api.md, R1. */
final class TargetFilter {

    private TargetFilter() {}

    static Exclusion unresolved(RuleEntry.TargetEntry target, String model, boolean known) {
        var detail =
                known
                        ? "names model " + model + ", which its provider does not list"
                        : "has no provider";
        return new Exclusion(
                target.name(), target.provider(), model, Exclusion.Reason.UNRESOLVED, detail);
    }

    static Exclusion withoutWeight(Candidate candidate) {
        return because(candidate, Exclusion.Reason.NO_WEIGHT, "has weight 0");
    }

    /**
     * Null: it stays a candidate.
     *
     * @param floor quality that it must have
     */
    static @Nullable Exclusion exclude(
            Candidate candidate, Ask ask, Router.Limits limits, int floor) {
        var regions = limits.regions();
        var region = candidate.provider().region();
        if (regions != null && (region == null || !regions.contains(region))) {
            var told = region == null ? "has an unknown region" : "is in region " + region;
            return because(candidate, Exclusion.Reason.REGION_NOT_ALLOWED, told + ", not allowed");
        }
        var missing = missing(ask, candidate);
        if (missing != null) {
            return because(
                    candidate,
                    Exclusion.Reason.CAPABILITY_MISSING,
                    "lacks the capability " + missing);
        }
        if (candidate.quality() < floor) {
            return because(
                    candidate,
                    Exclusion.Reason.BELOW_QUALITY_FLOOR,
                    "has quality " + candidate.quality() + ", below " + floor);
        }
        var context = candidate.model().contextTokens();
        if (context != null && ask.estimatedInputTokens() > context) {
            return because(
                    candidate,
                    Exclusion.Reason.CONTEXT_TOO_SMALL,
                    "takes at most "
                            + context
                            + " tokens, and this request has about "
                            + ask.estimatedInputTokens());
        }
        return null;
    }

    /** Of several the first by name; null: it has all that the request uses. */
    private static @Nullable String missing(Ask ask, Candidate candidate) {
        var capabilities = candidate.model().capabilities();
        String first = null;
        for (var wanted : ask.requires()) {
            if (!capabilities.contains(wanted) && (first == null || wanted.compareTo(first) < 0)) {
                first = wanted;
            }
        }
        return first;
    }

    private static Exclusion because(Candidate candidate, Exclusion.Reason reason, String detail) {
        return new Exclusion(
                candidate.target().name(),
                candidate.provider().key(),
                candidate.model().name(),
                reason,
                detail);
    }
}
