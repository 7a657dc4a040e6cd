package dev.tollgate.policy.issuer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tollgate.policy.compile.Certificates;
import dev.tollgate.policy.issuer.OidcIssuer.KeySource;
import dev.tollgate.policy.snapshot.IssuerEntry;
import dev.tollgate.policy.snapshot.SettingsEntry.EndpointPolicy;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * Reads the setting {@code oidcIssuers} (api.md, section 6 and O7): YAML with a list {@code
 * issuers}. Whatever is unknown or cannot be meant is refused, the first one by its path.
 *
 * <pre>
 * issuers:
 * - issuer: https://login.example.com/realms/staff   # exactly iss
 *   audience: tollgate                               # the default
 *   subjectClaim: sub                                # the default
 *   namespaces:                                      # the first that names one decides
 *   - {claim: team}                                  # its value is the namespace
 *   - {claim: groups, prefix: llm-}                  # what follows the prefix is
 *   - {claim: department, values: {Search: team-b}}  # no other values count
 *   jwksUri: https://...                             # default: by discovery
 *   jwks: {keys: [...]}                              # or as it is, or in a file: jwksFile
 *   caCertificates: "-----BEGIN CERTIFICATE-----..."  # default: those of the system
 * </pre>
 */
public final class OidcIssuers {

    private static final String DEFAULT_AUDIENCE = "tollgate";
    private static final int MAX_ISSUERS = 16;
    private static final int MAX_CLAIMS = 8;
    private static final int MAX_VALUES = 256;
    private static final int MAX_LENGTH = 255;
    private static final int MAX_URL_LENGTH = 512;
    private static final Set<String> LOOPBACK = Set.of("127.0.0.1", "[::1]", "localhost");
    private static final Pattern NAMESPACE = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final EndpointPolicy policy;
    private final UnaryOperator<String> files;

    private OidcIssuers(EndpointPolicy policy, UnaryOperator<String> files) {
        this.policy = policy;
        this.files = files;
    }

    /**
     * Sorted by issuer.
     *
     * @param policy lets keys come over plain http, if it is {@code ANY}, from loopback alone
     * @param files gives the text of a {@code jwksFile}; an IllegalArgumentException of it passes
     * @throws IllegalArgumentException in one line: what is wrong, and where
     */
    public static List<OidcIssuer> read(
            String yaml, EndpointPolicy policy, UnaryOperator<String> files) {
        Object loaded;
        try {
            loaded = new Load(LoadSettings.builder().build()).loadFromString(yaml);
        } catch (YamlEngineException e) {
            throw new IllegalArgumentException(
                    "not YAML: " + String.valueOf(e.getMessage()).lines().findFirst().orElse(""),
                    e);
        }
        var root = JSON.<JsonNode>valueToTree(loaded);
        only(root, "", "issuers");
        var list = root.path("issuers");
        if (!list.isArray() || list.isEmpty() || list.size() > MAX_ISSUERS) {
            throw problem("issuers", "is no list of 1 to " + MAX_ISSUERS + " issuers");
        }
        var reader = new OidcIssuers(policy, files);
        var issuers = new ArrayList<OidcIssuer>();
        var names = new HashSet<String>();
        for (var node : list) {
            var path = "issuers[" + issuers.size() + "]";
            var issuer = reader.issuer(node, path);
            if (!names.add(issuer.issuer())) {
                throw problem(path + ".issuer", issuer.issuer() + " (expected: once)");
            }
            issuers.add(issuer);
        }
        issuers.sort(Comparator.comparing(OidcIssuer::issuer));
        return List.copyOf(issuers);
    }

    private OidcIssuer issuer(JsonNode node, String path) {
        only(
                node,
                path,
                "issuer",
                "audience",
                "subjectClaim",
                "namespaces",
                "jwksUri",
                "jwksFile",
                "jwks",
                "caCertificates");
        var name = text(node, "issuer", path, null);
        if (url(name, policy, path + ".issuer").getRawQuery() != null) {
            throw problem(path + ".issuer", name + " (expected: no query)");
        }
        var claims =
                new IssuerEntry.Claims(
                        text(node, "subjectClaim", path, "sub"),
                        namespaceClaims(node.path("namespaces"), path + ".namespaces"));
        var entry =
                new IssuerEntry(
                        name,
                        text(node, "audience", path, DEFAULT_AUDIENCE),
                        false,
                        claims,
                        List.of());
        return new OidcIssuer(
                entry, keys(node, name, path), certificates(node, path + ".caCertificates"));
    }

    private static @Nullable String certificates(JsonNode node, String path) {
        var pem = node.path("caCertificates");
        if (pem.isMissingNode()) {
            return null;
        }
        if (!Certificates.areReadable(pem.asText(""))) {
            throw problem(path, "is no PEM of certificates");
        }
        return pem.asText();
    }

    private KeySource keys(JsonNode node, String issuer, String path) {
        boolean uri = node.has("jwksUri");
        boolean file = node.has("jwksFile");
        boolean here = node.has("jwks");
        if ((uri ? 1 : 0) + (file ? 1 : 0) + (here ? 1 : 0) > 1) {
            throw problem(path, "has more than one of jwksUri, jwksFile and jwks");
        }
        if (uri) {
            var text = text(node, "jwksUri", path, null);
            return new KeySource.Jwks(url(text, policy, path + ".jwksUri"));
        }
        if (file) {
            return fixed(
                    json(files.apply(text(node, "jwksFile", path, null)), path + ".jwksFile"),
                    path + ".jwksFile");
        }
        if (here) {
            return fixed(node.path("jwks"), path + ".jwks");
        }
        var base = issuer.endsWith("/") ? issuer.substring(0, issuer.length() - 1) : issuer;
        return new KeySource.Discovery(URI.create(base + "/.well-known/openid-configuration"));
    }

    private static JsonNode json(String text, String path) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw problem(path, "is no JSON");
        }
    }

    private static KeySource fixed(JsonNode jwks, String path) {
        try {
            return new KeySource.Fixed(Jwks.someKeys(jwks));
        } catch (IllegalArgumentException e) {
            throw problem(path, "has " + e.getMessage());
        }
    }

    private static List<IssuerEntry.NamespaceClaim> namespaceClaims(JsonNode list, String path) {
        if (!list.isArray() || list.isEmpty() || list.size() > MAX_CLAIMS) {
            throw problem(path, "is no list of 1 to " + MAX_CLAIMS + " claims");
        }
        var claims = new ArrayList<IssuerEntry.NamespaceClaim>();
        for (var node : list) {
            claims.add(namespaceClaim(node, path + "[" + claims.size() + "]"));
        }
        return claims;
    }

    private static IssuerEntry.NamespaceClaim namespaceClaim(JsonNode node, String path) {
        only(node, path, "claim", "prefix", "values");
        var claim = text(node, "claim", path, null);
        if (node.has("prefix") && node.has("values")) {
            throw problem(path, "has both prefix and values");
        }
        if (!node.has("values")) {
            var prefix = node.has("prefix") ? text(node, "prefix", path, null) : null;
            return new IssuerEntry.NamespaceClaim(claim, prefix, List.of());
        }
        var map = node.path("values");
        if (!map.isObject() || map.isEmpty() || map.size() > MAX_VALUES) {
            throw problem(path + ".values", "is no map of 1 to " + MAX_VALUES + " values");
        }
        var values = new ArrayList<IssuerEntry.Value>();
        for (var each : map.properties()) {
            var namespace = each.getValue().asText("");
            if (!each.getValue().isTextual() || !NAMESPACE.matcher(namespace).matches()) {
                throw problem(
                        path + ".values." + each.getKey(),
                        each.getValue() + " (expected: the name of a namespace)");
            }
            values.add(new IssuerEntry.Value(each.getKey(), namespace));
        }
        values.sort(Comparator.comparing(IssuerEntry.Value::value));
        return new IssuerEntry.NamespaceClaim(claim, null, values);
    }

    /**
     * A place that keys are fetched from, and the names of issuers.
     *
     * @throws IllegalArgumentException unless it is https, or with {@code ANY} http to loopback
     */
    public static URI url(String text, EndpointPolicy policy, String path) {
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException e) {
            throw problem(path, text + " (expected: a URL)");
        }
        var host = uri.getHost();
        boolean plain = "http".equals(uri.getScheme());
        if (host == null
                || !plain && !"https".equals(uri.getScheme())
                || text.length() > MAX_URL_LENGTH
                || uri.getRawUserInfo() != null
                || uri.getRawFragment() != null) {
            throw problem(path, text + " (expected: https://host/path)");
        }
        if (plain && !(policy == EndpointPolicy.ANY && LOOPBACK.contains(host))) {
            throw problem(
                    path,
                    text + " (expected: https; http only to loopback, with endpoint policy any)");
        }
        return uri;
    }

    private static String text(JsonNode node, String member, String path, @Nullable String usual) {
        var value = node.path(member);
        if (value.isMissingNode() && usual != null) {
            return usual;
        }
        var text = value.asText("");
        int most = member.equals("issuer") || member.endsWith("Uri") ? MAX_URL_LENGTH : MAX_LENGTH;
        if (!value.isTextual() || text.isBlank() || text.length() > most) {
            throw problem(
                    path + "." + member,
                    (value.isMissingNode() ? "absent" : value.toString())
                            + " (expected: a text of at most "
                            + most
                            + " characters)");
        }
        return text;
    }

    private static void only(JsonNode node, String path, String... members) {
        var at = path.isEmpty() ? "" : path + ".";
        if (!node.isObject()) {
            throw problem(path.isEmpty() ? "the file" : path, "is no map");
        }
        var known = List.of(members);
        for (var each : node.properties()) {
            if (!known.contains(each.getKey())) {
                throw problem(at + each.getKey(), "is unknown (expected: " + known + ")");
            }
        }
    }

    private static IllegalArgumentException problem(String path, String message) {
        return new IllegalArgumentException(path + ": " + message);
    }
}
