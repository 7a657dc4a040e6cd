package dev.tollgate.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.tollgate.crds.read.FieldPlaces;
import dev.tollgate.crds.read.Place;
import dev.tollgate.crds.read.Read;
import dev.tollgate.crds.read.ResourceReader;
import dev.tollgate.crds.read.YamlFile;
import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.dataplane.standalone.YamlFolder;
import dev.tollgate.policy.compile.CompileSettings;
import dev.tollgate.policy.compile.Compiler;
import dev.tollgate.policy.compile.LastAccepted;
import dev.tollgate.policy.compile.Problem;
import dev.tollgate.policy.issuer.OidcIssuer;
import dev.tollgate.policy.price.Catalogue;
import dev.tollgate.policy.snapshot.IssuerEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Compiles resources as the operator would and tells every problem with its place. */
@Command(
        name = "lint",
        description =
                "Compile resources as the operator would; every problem with file, line, path and a hint.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {"0:clean", "1:problems", "2:unusable input"})
final class LintCommand extends TollgateCommand {

    /**
     * Stands for every secret value: lint reads none, and this one is well-formed as any of them.
     */
    private static final String SECRET_STAND_IN = "sha256:" + "0".repeat(64);

    /** Stands for the issuers of the installation, unless they are given. */
    private static final IssuerEntry ISSUER_STAND_IN =
            new IssuerEntry("https://issuer.invalid", "tollgate", false, null, List.of());

    /** How problems are printed. */
    enum Output {
        TEXT,
        JSON
    }

    /** One problem, as {@code --output json} shows it. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Line(
            String file,
            int line,
            int column,
            @Nullable String object,
            String path,
            String message,
            @Nullable String hint) {

        String text() {
            return file
                    + ":"
                    + line
                    + ":"
                    + column
                    + ": "
                    + (object == null ? "" : object + ": ")
                    + (path.isEmpty() ? "" : path + ": ")
                    + message
                    + (hint == null ? "" : " (hint: " + hint + ")");
        }
    }

    @Parameters(arity = "1..*", paramLabel = "PATH", description = "Files and folders of YAML.")
    List<Path> paths = List.of();

    @Option(
            names = "--output",
            defaultValue = "text",
            description = "text or json. Default: ${DEFAULT-VALUE}.")
    Output output = Output.TEXT;

    @Mixin CompileFlags compile = new CompileFlags();

    @Override
    int run() throws IOException {
        var files = files();
        var read = ResourceReader.read(files, _ -> Optional.of(SECRET_STAND_IN));
        var lines = new ArrayList<Line>();
        for (var problem : read.problems()) {
            lines.add(
                    new Line(
                            problem.file(),
                            problem.line(),
                            problem.column(),
                            null,
                            problem.path(),
                            problem.message(),
                            problem.hint()));
        }
        lines.addAll(compileProblems(read, new FieldPlaces(files)));
        lines.sort(Comparator.comparing(Line::file).thenComparing(Line::line));
        print(lines);
        note(read);
        return lines.isEmpty() ? ExitCode.OK : ExitCode.FAILED;
    }

    private List<Line> compileProblems(Read read, FieldPlaces fields) {
        var settings =
                new CompileSettings(
                        compile.platformNamespace,
                        compile.endpointPolicy,
                        compile.unbudgetedNamespaces,
                        issuers(),
                        CompileSettings.DEFAULT_DEPRECATION_WARN_DAYS,
                        Instant.now(),
                        Catalogue.builtIn());
        var compiled = Compiler.compile(read.resources(), settings, LastAccepted.NONE);
        return Stream.concat(
                        compiled.problems().stream(),
                        compiled.verdicts().values().stream().flatMap(v -> v.problems().stream()))
                .map(problem -> line(problem, read.places(), fields))
                .toList();
    }

    private List<IssuerEntry> issuers() {
        return compile.oidcIssuers == null
                ? List.of(ISSUER_STAND_IN)
                : compile.issuers().stream().map(OidcIssuer::entry).toList();
    }

    /** What lint took for granted: on stderr, and no problem. */
    private void note(Read read) {
        boolean users =
                read.resources().budgets().stream()
                        .map(budget -> budget.spec().subject())
                        .anyMatch(subject -> subject != null && !subject.users().isEmpty());
        if (users && compile.oidcIssuers == null) {
            var err = spec.commandLine().getErr();
            err.println(
                    "tollgate: note: Budgets for users need an installation with oidcIssuers, which"
                            + " is taken for granted (--oidc-issuers FILE says)");
            err.flush();
        }
    }

    private static Line line(Problem problem, Map<ResourceKey, Place> places, FieldPlaces fields) {
        var object = places.getOrDefault(problem.object(), new Place("", 0, 0));
        var place = fields.of(object, problem.path());
        return new Line(
                place.file(),
                place.line(),
                place.column(),
                problem.object().toString(),
                problem.path(),
                problem.message(),
                hint(problem.reason()));
    }

    /** What to do, where the message alone does not say it. */
    private static @Nullable String hint(ConditionReason reason) {
        return switch (reason) {
            case SECRET_NOT_FOUND -> "create the Secret in the same namespace, or correct its name";
            case SECRET_KEY_MISSING -> "add the key to the Secret, or name one that it has";
            case PROVIDER_NOT_FOUND ->
                    "create the ModelProvider, mend it if it is there, or correct its name or namespace";
            case MODEL_NOT_FOUND -> "add the model to the ModelProvider, or correct its name";
            case REF_NOT_PERMITTED ->
                    "let the ModelProvider's allowedNamespaces include this namespace";
            case ENDPOINT_NOT_ALLOWED -> "see --endpoint-policy";
            case UNKNOWN_PRICE -> "give the model a price under spec.models[].pricing";
            case UNSUPPORTED_VALUE -> "remove it: this version does not enforce it";
            default -> null;
        };
    }

    private void print(List<Line> lines) throws JsonProcessingException {
        var out = spec.commandLine().getOut();
        switch (output) {
            case TEXT -> lines.forEach(line -> out.println(line.text()));
            case JSON ->
                    out.println(
                            new ObjectMapper()
                                    .enable(SerializationFeature.INDENT_OUTPUT)
                                    .writeValueAsString(lines));
        }
        out.flush();
    }

    private List<YamlFile> files() throws IOException {
        var files = new ArrayList<YamlFile>();
        for (var path : paths) {
            if (!Files.exists(path)) {
                throw CommandFailure.usage(path + " does not exist");
            }
            try {
                files.addAll(YamlFolder.read(path));
            } catch (IOException e) {
                throw CommandFailure.usage(path + " cannot be read: " + e.getMessage());
            }
        }
        if (files.isEmpty()) {
            throw CommandFailure.usage("no .yaml or .yml file in " + paths);
        }
        return files;
    }
}
