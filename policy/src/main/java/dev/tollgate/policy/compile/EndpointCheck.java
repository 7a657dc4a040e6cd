package dev.tollgate.policy.compile;

import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.policy.snapshot.AddressRule;
import dev.tollgate.policy.snapshot.SettingsEntry.EndpointPolicy;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where a url may point, as far as its text tells (api.md, P2 and P3). Names are looked at again by
 * the proxy, at the address that it connects to.
 */
final class EndpointCheck {

    private EndpointCheck() {}

    /** The url without trailing slashes; null if it was refused. */
    static @Nullable String url(String text, EndpointPolicy policy, Findings findings) {
        var path = "spec.endpoint.url";
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException e) {
            findings.invalid(path, text + " (expected: a URL)");
            return null;
        }
        var scheme = uri.getScheme();
        var host = uri.getHost();
        boolean sound =
                host != null
                        && ("https".equals(scheme) || "http".equals(scheme))
                        && uri.getRawUserInfo() == null
                        && uri.getRawQuery() == null
                        && uri.getRawFragment() == null;
        if (host == null || !sound) {
            findings.invalid(
                    path, text + " (expected: https://host/path, no user, query or fragment)");
            return null;
        }
        var refused = refusal(scheme.equals("https"), host, policy);
        if (refused != null) {
            findings.reject(ConditionReason.ENDPOINT_NOT_ALLOWED, path, text + " " + refused);
            return null;
        }
        return withoutSlashes(text);
    }

    static String withoutSlashes(String url) {
        int end = url.length();
        while (url.charAt(end - 1) == '/') {
            end--;
        }
        return url.substring(0, end);
    }

    private static @Nullable String refusal(boolean tls, String host, EndpointPolicy policy) {
        var told = " (endpoint policy " + policy.name().toLowerCase(Locale.ROOT) + ")";
        if (!tls && !AddressRule.allowsPlain(policy, false)) {
            return "is plain http, which only a serviceRef may use" + told;
        }
        var address = AddressRule.literal(host);
        if (address != null) {
            return AddressRule.allows(policy, false, address)
                    ? null
                    : "is an address that may not be used" + told;
        }
        var name = host.toLowerCase(Locale.ROOT);
        boolean numeric = Character.isDigit(name.charAt(name.length() - 1));
        if (name.equals("metadata.google.internal") || numeric) {
            return "is an address that may not be used" + told;
        }
        boolean local = name.equals("localhost") || name.endsWith(".localhost");
        if (local && policy != EndpointPolicy.ANY) {
            return "is this host itself" + told;
        }
        boolean cluster =
                name.endsWith(".svc") || name.endsWith(".cluster.local") || !name.contains(".");
        if (cluster && !local && policy == EndpointPolicy.PUBLIC) {
            return "is a name of the cluster: use serviceRef" + told;
        }
        return null;
    }
}
