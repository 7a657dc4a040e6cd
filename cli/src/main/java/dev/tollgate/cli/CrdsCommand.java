package dev.tollgate.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import picocli.CommandLine.Command;

/** Prints the CRDs for {@code kubectl apply --server-side -f -}. */
@Command(
        name = "crds",
        description =
                "Print the custom resource definitions, for kubectl apply --server-side -f -.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class CrdsCommand extends TollgateCommand {

    private static final List<String> FILES =
            List.of(
                    "modelproviders.tollgate.dev.yaml",
                    "routingpolicies.tollgate.dev.yaml",
                    "budgets.tollgate.dev.yaml",
                    "budgetledgers.tollgate.dev.yaml");

    @Override
    int run() throws IOException {
        var out = spec.commandLine().getOut();
        for (var file : FILES) {
            try (var crd = CrdsCommand.class.getResourceAsStream("/crds/" + file)) {
                if (crd == null) {
                    throw new IllegalStateException("resource crds/" + file + " is not in the jar");
                }
                var text = new String(crd.readAllBytes(), StandardCharsets.UTF_8);
                out.print(text.startsWith("---") ? text : "---\n" + text);
            }
        }
        out.flush();
        return ExitCode.OK;
    }
}
