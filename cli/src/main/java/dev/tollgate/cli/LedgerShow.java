package dev.tollgate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tollgate.dataplane.budget.EmbeddedAccountStore;
import dev.tollgate.operator.api.ApiFailure;
import dev.tollgate.operator.ledger.KubernetesAccountStore;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountJson;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.HolderId;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Accounts and their leases: from the cluster, an operator's admin port, or a gateway's folder. */
@Command(
        name = "show",
        description =
                "Show the accounts of Budgets and who holds what of them. Accounts that an operator"
                        + " keeps in a Valkey are shown with --admin alone.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:shown; of those that cannot be read, where they are and why",
            "1:there is no such account, or none of them can be read",
            "2:bad usage"
        })
final class LedgerShow extends TollgateCommand {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration ANSWERS_WITHIN = Duration.ofSeconds(10);

    /** {@code --output}. */
    enum Output {
        table,
        json
    }

    @Parameters(
            arity = "0..1",
            paramLabel = "BUDGET",
            description = "Name of a Budget. Default: all.")
    @Nullable String budget;

    @Option(
            names = {"-n", "--namespace"},
            description = "Namespace of the Budgets. Default: all.")
    @Nullable String namespace;

    @Option(
            names = "--platform-namespace",
            defaultValue = "tollgate-system",
            description = "Where BudgetLedger objects are. Default: ${DEFAULT-VALUE}.")
    String platformNamespace = "tollgate-system";

    @Mixin KubeFlags kube = new KubeFlags();

    @Option(
            names = "--admin",
            paramLabel = "URL",
            description =
                    "Admin address of the operator that leads: shows its accounts, wherever they"
                            + " are kept, and which proxies hold them.")
    @Nullable URI admin;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Data folder of a standalone gateway, in place of a cluster.")
    @Nullable Path data;

    @Option(
            names = "--output",
            defaultValue = "table",
            description = "table or json. Default: ${DEFAULT-VALUE}.")
    Output output = Output.table;

    @Override
    int run() throws IOException, InterruptedException {
        if (admin != null && data != null) {
            throw CommandFailure.usage("--admin with --data (expected: one of them)");
        }
        var view = view();
        var chosen = view.only(namespace, budget);
        if (chosen.accounts().isEmpty() && chosen.unreadable().isEmpty()) {
            throw CommandFailure.failed(
                    "no account"
                            + (budget == null ? "" : " of Budget " + budget)
                            + (namespace == null ? "" : " in namespace " + namespace)
                            + " "
                            + view.from()
                            + (admin == null && data == null
                                    ? " (an operator with --ledger-store valkey shows its own with"
                                            + " --admin URL)"
                                    : ""));
        }
        var out = spec.commandLine().getOut();
        if (output == Output.json) {
            out.println(JSON.writerWithDefaultPrettyPrinter().writeValueAsString(chosen.json()));
        } else {
            chosen.table().forEach(out::println);
        }
        out.flush();
        return chosen.accounts().isEmpty() ? ExitCode.FAILED : ExitCode.OK;
    }

    private LedgerView view() throws IOException, InterruptedException {
        if (admin != null) {
            return ofOperator(admin);
        }
        if (data != null) {
            return ofFolder(data);
        }
        try (var client = kube.client()) {
            return ofCluster(client);
        }
    }

    private LedgerView ofCluster(KubernetesClient client) {
        try {
            return switch (new KubernetesAccountStore(client, platformNamespace).list("")) {
                case AccountStore.Listing.Ok found ->
                        view("in namespace " + platformNamespace, found);
                case AccountStore.Listing.Unavailable(var reason) ->
                        throw unreadable(client, reason);
            };
        } catch (KubernetesClientException e) {
            throw unreadable(client, ApiFailure.text(e));
        }
    }

    private static LedgerView view(String from, AccountStore.Listing.Ok found) {
        return new LedgerView(
                from,
                found.accounts().stream().map(AccountStore.Versioned::account).toList(),
                Map.of(),
                Set.of(),
                found.damaged().stream()
                        .map(
                                each ->
                                        new LedgerView.Unreadable(
                                                each.name(), each.key(), each.reason()))
                        .toList());
    }

    private static CommandFailure unreadable(KubernetesClient client, String why) {
        return KubeFlags.failure(
                "BudgetLedger objects (those of a standalone gateway: --data DIR)", client, why);
    }

    /** Each file is replaced whole, so they can be read while the gateway runs. */
    private static LedgerView ofFolder(Path data) throws IOException {
        var folder = data.resolve("accounts");
        if (!Files.isDirectory(folder)) {
            throw CommandFailure.usage("--data: " + data + " (expected: that of a gateway)");
        }
        return view("in " + data, EmbeddedAccountStore.look(folder));
    }

    private LedgerView ofOperator(URI admin) throws IOException, InterruptedException {
        HttpResponse<String> answer;
        try (var client = HttpClient.newHttpClient()) {
            answer =
                    client.send(
                            HttpRequest.newBuilder(admin.resolve("/ledger"))
                                    .timeout(ANSWERS_WITHIN)
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
        } catch (IOException | IllegalArgumentException e) {
            throw CommandFailure.failed(admin + " does not answer: is an operator running there?");
        }
        if (answer.statusCode() == 503) {
            throw CommandFailure.failed(
                    admin
                            + " stands by (expected: the admin port of the operator that leads, which `kubectl get"
                            + " lease tollgate-operator` names)");
        }
        if (answer.statusCode() != 200) {
            throw CommandFailure.failed(
                    admin
                            + " answers "
                            + answer.statusCode()
                            + " (expected: an operator's admin port)");
        }
        var root = JSON.readTree(answer.body());
        var accounts = new ArrayList<Account>();
        for (JsonNode account : root.path("accounts")) {
            accounts.add(AccountJson.read(account.toString().getBytes(StandardCharsets.UTF_8)));
        }
        var holders = new HashMap<HolderId, LedgerView.Holder>();
        for (JsonNode holder : root.path("holders")) {
            holders.put(
                    HolderId.parse(holder.path("holder").asText()),
                    new LedgerView.Holder(
                            holder.path("proxy").asText(),
                            holder.path("connected").asBoolean(),
                            Instant.parse(holder.path("since").asText())));
        }
        var frozen = new HashSet<String>();
        root.path("frozen").forEach(key -> frozen.add(key.asText()));
        var unreadable = new ArrayList<LedgerView.Unreadable>();
        for (JsonNode damaged : root.path("unreadable")) {
            var key = damaged.path("account");
            unreadable.add(
                    new LedgerView.Unreadable(
                            damaged.path("name").asText(),
                            key.isTextual() ? AccountKey.parse(key.asText()) : null,
                            damaged.path("reason").asText()));
        }
        return new LedgerView("of the operator at " + admin, accounts, holders, frozen, unreadable);
    }
}
