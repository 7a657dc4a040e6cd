package dev.tollgate.dataplane.identity;

import dev.tollgate.policy.route.Caller;
import dev.tollgate.policy.snapshot.IssuerEntry;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Who a verified token of an external issuer stands for, and which namespace pays (api.md, section
 * 6): its claims as the platform reads them. No namespace, or more than one, is nobody.
 */
final class ExternalUser {

    /** As OpenID Connect bounds {@code sub}. */
    private static final int MAX_SUBJECT_LENGTH = 255;

    private final IssuerEntry issuer;
    private final IssuerEntry.Claims rules;
    private final Map<String, List<String>> claims;

    private ExternalUser(
            IssuerEntry issuer, IssuerEntry.Claims rules, Map<String, List<String>> claims) {
        this.issuer = issuer;
        this.rules = rules;
        this.claims = claims;
    }

    /**
     * @param jwt verified, of this issuer
     * @param exists whether there is a namespace; others do not count
     * @param otherUsers whether a name may be one of another issuer's users
     */
    static Identified identified(
            Jwt jwt, IssuerEntry issuer, Predicate<String> exists, Predicate<String> otherUsers) {
        var rules = issuer.claims();
        if (rules == null) {
            return new Identified.Unknown(
                    "the token is not valid here: its issuer has no map from claims to namespaces");
        }
        var names = new HashSet<String>();
        names.add(rules.subject());
        rules.namespaces().forEach(each -> names.add(each.claim()));
        return new ExternalUser(issuer, rules, jwt.claims(names)).identified(exists, otherUsers);
    }

    private Identified identified(Predicate<String> exists, Predicate<String> otherUsers) {
        var subject = subject();
        if (subject == null || otherUsers.test(issuer.user(subject))) {
            return new Identified.Unknown(
                    "the token's claim '"
                            + rules.subject()
                            + "' names no user (expected: one text of at most "
                            + MAX_SUBJECT_LENGTH
                            + " characters)");
        }
        for (var rule : rules.namespaces()) {
            var named = named(rule, exists);
            if (named.size() > 1) {
                return new Identified.Unknown(
                        "the token's claim '"
                                + rule.claim()
                                + "' names several namespaces ("
                                + String.join(", ", named)
                                + "), and only one can pay: ask the issuer for a token that names"
                                + " one");
            }
            if (!named.isEmpty()) {
                return new Identified.Known(
                        Caller.user(named.iterator().next(), issuer.user(subject)));
            }
        }
        return new Identified.Unknown(
                "the token names no namespace that could pay (looked for in: "
                        + rules.namespaces().stream()
                                .map(IssuerEntry.NamespaceClaim::claim)
                                .collect(Collectors.joining(", "))
                        + "): ask whoever runs this gateway to map you to one");
    }

    private @Nullable String subject() {
        var values = claims.getOrDefault(rules.subject(), List.of());
        if (values.size() != 1) {
            return null;
        }
        var subject = values.getFirst();
        boolean sound =
                !subject.isEmpty()
                        && subject.length() <= MAX_SUBJECT_LENGTH
                        && subject.codePoints().noneMatch(ExternalUser::odd);
        return sound ? subject : null;
    }

    /** Control characters, and halves of a pair, which would all be written as one and the same. */
    private static boolean odd(int character) {
        return Character.isISOControl(character)
                || Character.getType(character) == Character.SURROGATE;
    }

    private Set<String> named(IssuerEntry.NamespaceClaim rule, Predicate<String> exists) {
        var named = new TreeSet<String>();
        for (var value : claims.getOrDefault(rule.claim(), List.of())) {
            var namespace = namespace(rule, value);
            if (namespace != null && exists.test(namespace)) {
                named.add(namespace);
            }
        }
        return named;
    }

    private static @Nullable String namespace(IssuerEntry.NamespaceClaim rule, String value) {
        if (!rule.values().isEmpty()) {
            return rule.values().stream()
                    .filter(each -> each.value().equals(value))
                    .map(IssuerEntry.Value::namespace)
                    .findFirst()
                    .orElse(null);
        }
        var prefix = rule.prefix() == null ? "" : rule.prefix();
        return value.startsWith(prefix) ? value.substring(prefix.length()) : null;
    }
}
