package dev.tollgate.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.tollgate.dataplane.config.LiveConfig;
import dev.tollgate.dataplane.exchange.Explainer;
import dev.tollgate.dataplane.exchange.Explanation;
import dev.tollgate.dataplane.standalone.FolderConfig;
import dev.tollgate.dataplane.standalone.FolderSettings;
import dev.tollgate.dataplane.standalone.SecretSources;
import dev.tollgate.policy.issuer.OidcIssuer;
import dev.tollgate.policy.route.Caller;
import dev.tollgate.policy.route.SnapshotIndex;
import io.vertx.core.MultiMap;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says what a gateway on a folder would do with one request, and why; nothing is sent. */
@Command(
        name = "explain",
        description =
                "Which policy, rule, targets and budgets one request would meet, and why; nothing"
                        + " is sent.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {"0:it would be served", "1:it would be refused", "2:unusable input"})
final class ExplainCommand extends TollgateCommand {

    private static final Pattern CALLER =
            Pattern.compile(
                    "([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)(/([a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?))?");
    private static final Pattern HEADER_NAME = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

    /** How the decision is printed. */
    enum Output {
        TEXT,
        JSON
    }

    @Parameters(paramLabel = "DIR", description = "Folder of YAML files.")
    @SuppressWarnings("NullAway.Init")
    Path folder;

    @Option(
            names = "--as",
            required = true,
            paramLabel = "NAMESPACE[/SERVICEACCOUNT]",
            description = "Who asks.")
    String caller = "";

    @Option(
            names = "--user",
            paramLabel = "SUB",
            description = "The user of --as NAMESPACE, of the first issuer of --oidc-issuers.")
    @Nullable String user;

    @Option(
            names = "--request",
            required = true,
            paramLabel = "FILE",
            description = "The body, as the client would send it.")
    @SuppressWarnings("NullAway.Init")
    Path request;

    @Option(
            names = "--header",
            paramLabel = "'NAME: VALUE'",
            description = "A header of the request; may be repeated.")
    List<String> headers = List.of();

    @Option(
            names = "--path",
            description =
                    "Where it is posted, such as /v1/messages. Default: guessed from the shape of"
                            + " the body.")
    @Nullable String path;

    @Option(
            names = "--at",
            paramLabel = "INSTANT",
            description = "When it comes, such as 2026-11-21T22:30:00Z. Default: now.")
    @Nullable String at;

    @Option(
            names = "--output",
            defaultValue = "text",
            description = "text or json. Default: ${DEFAULT-VALUE}.")
    Output output = Output.TEXT;

    @Mixin CompileFlags compile = new CompileFlags();

    @Override
    int run() throws IOException {
        var who = caller();
        var when = at();
        var given = headers();
        var index = index();
        var body = body();
        var posted = path == null ? GuessedPath.of(body, given) : path;
        var question = new Explainer.Question(index, who, posted, given, body, when);
        return switch (Explainer.explain(question)) {
            case Explanation.Unusable unusable -> throw CommandFailure.usage(unusable.message());
            case Explanation.Explained explained -> {
                print(explained.explanation());
                yield explained.explanation().refusal() == null ? ExitCode.OK : ExitCode.FAILED;
            }
        };
    }

    private Caller caller() {
        var matcher = CALLER.matcher(caller);
        if (!matcher.matches()) {
            throw CommandFailure.usage(
                    "--as " + caller + " (expected: NAMESPACE or NAMESPACE/SERVICEACCOUNT)");
        }
        var account = matcher.group(4);
        var name = user;
        if (name != null) {
            var issuers = compile.issuers();
            if (account != null || issuers.isEmpty()) {
                throw CommandFailure.usage(
                        "--user "
                                + name
                                + " (expected: with --as NAMESPACE and --oidc-issuers FILE)");
            }
            return Caller.user(matcher.group(1), issuers.getFirst().entry().user(name));
        }
        return account == null
                ? Caller.anonymous(matcher.group(1))
                : Caller.serviceAccount(matcher.group(1), account);
    }

    private MultiMap headers() {
        var all = MultiMap.caseInsensitiveMultiMap();
        for (var header : headers) {
            int colon = header.indexOf(':');
            var name = colon < 0 ? "" : header.substring(0, colon).trim();
            if (!HEADER_NAME.matcher(name).matches()) {
                throw CommandFailure.usage("--header " + header + " (expected: 'name: value')");
            }
            all.add(name, header.substring(colon + 1).trim());
        }
        return all;
    }

    private byte[] body() {
        try {
            return Files.readAllBytes(request);
        } catch (IOException e) {
            throw CommandFailure.usage("--request " + request + " cannot be read");
        }
    }

    private Instant at() {
        if (at == null) {
            return Instant.now();
        }
        try {
            return Instant.parse(at);
        } catch (DateTimeException e) {
            throw CommandFailure.usage("--at " + at + " (expected: such as 2026-11-21T22:30:00Z)");
        }
    }

    /** The folder as {@code serve} would read it. */
    private SnapshotIndex index() {
        var live = new LiveConfig();
        var issuers = compile.issuers().stream().map(OidcIssuer::entry).toList();
        var settings =
                new FolderSettings(
                        folder,
                        compile.platformNamespace,
                        compile.endpointPolicy,
                        compile.unbudgetedNamespaces,
                        () -> issuers,
                        secrets());
        try (var config = FolderConfig.load(settings, live)) {
            var err = spec.commandLine().getErr();
            config.problems().stream().sorted().forEach(line -> err.println("tollgate: " + line));
            err.flush();
        } catch (IOException e) {
            throw CommandFailure.usage(String.valueOf(e.getMessage()));
        }
        var applied = live.applied();
        if (applied == null) {
            throw new IllegalStateException("applied: null (expected: a loaded folder)");
        }
        return applied.index();
    }

    /** No secret is needed: one that is not there is stood in for. */
    private Function<String, Optional<String>> secrets() {
        var sources = new SecretSources(folder, System.getenv());
        return reference -> sources.apply(reference).or(() -> Optional.of(standIn(reference)));
    }

    /** Well-formed as a client key's digest too, and another one for each reference. */
    private static String standIn(String reference) {
        try {
            var digest =
                    MessageDigest.getInstance("SHA-256")
                            .digest(reference.getBytes(StandardCharsets.UTF_8));
            return "sha256:" + HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256: every Java has it", e);
        }
    }

    private void print(Explanation explanation) throws JsonProcessingException {
        var out = spec.commandLine().getOut();
        switch (output) {
            case TEXT -> new ExplainText(out).print(explanation);
            case JSON ->
                    out.println(
                            JsonMapper.builder()
                                    .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                                    .defaultPropertyInclusion(
                                            JsonInclude.Value.construct(
                                                    JsonInclude.Include.NON_NULL,
                                                    JsonInclude.Include.NON_NULL))
                                    .enable(SerializationFeature.INDENT_OUTPUT)
                                    .build()
                                    .writeValueAsString(explanation));
        }
        out.flush();
    }
}
