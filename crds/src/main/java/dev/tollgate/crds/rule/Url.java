package dev.tollgate.crds.rule;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What the Kubernetes CEL library takes for a URL: Go's {@code url.ParseRequestURI}, which is laxer
 * than RFC 3986 in the path and strict about the host and about escapes.
 */
record Url(String scheme, String host) {
    private static final Pattern SCHEME =
            Pattern.compile("^([A-Za-z][A-Za-z0-9+.-]*):(.*)$", Pattern.DOTALL);
    private static final Pattern HOST =
            Pattern.compile(
                    "^(\\[[0-9A-Fa-f:.%A-Za-z0-9_~-]+\\]|[A-Za-z0-9\\-_.~!$&'()*+,;=<>\"]*)(:[0-9]*)?$");
    private static final Pattern BAD_ESCAPE = Pattern.compile("%(?![0-9A-Fa-f]{2})");
    private static final Pattern CONTROL = Pattern.compile("[\\x00-\\x1f\\x7f]");

    static Optional<Url> parse(String text) {
        if (text.isEmpty() || CONTROL.matcher(text).find()) {
            return Optional.empty();
        }
        var matcher = SCHEME.matcher(text);
        String scheme = matcher.matches() ? matcher.group(1).toLowerCase(Locale.ROOT) : "";
        String rest = matcher.matches() ? matcher.group(2) : text;
        int query = rest.indexOf('?');
        String path = query < 0 ? rest : rest.substring(0, query);
        if (!path.startsWith("/")) {
            return scheme.isEmpty() ? Optional.empty() : Optional.of(new Url(scheme, ""));
        }
        String host = "";
        if (path.startsWith("//") && !(scheme.isEmpty() && path.startsWith("///"))) {
            int end = path.indexOf('/', 2);
            String authority = end < 0 ? path.substring(2) : path.substring(2, end);
            path = end < 0 ? "" : path.substring(end);
            host = authority.substring(authority.lastIndexOf('@') + 1);
            if (!HOST.matcher(host).matches()) {
                return Optional.empty();
            }
        }
        return BAD_ESCAPE.matcher(path).find()
                ? Optional.empty()
                : Optional.of(new Url(scheme, host));
    }
}
