package dev.tollgate.cli;

import dev.tollgate.crds.budget.ReclaimStatus;
import dev.tollgate.operator.api.ApiFailure;
import dev.tollgate.operator.kube.BudgetResource;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.ReclaimRequest;
import io.fabric8.kubernetes.api.model.authentication.SelfSubjectReview;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Asks the operator to give back what a lost proxy holds of a Budget, and waits for its answer. */
@Command(
        name = "reclaim",
        description =
                "Give back what a proxy that is lost for good holds of a Budget. What it has"
                        + " spent and not told is then in no account: you answer for it, by name.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:given back",
            "1:refused, or no answer in time",
            "2:bad usage, or no such Budget"
        })
final class LedgerReclaim extends TollgateCommand {

    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(500);
    private static final Duration BETWEEN_LINES = Duration.ofSeconds(5);

    @Parameters(paramLabel = "BUDGET", description = "Name of the Budget.")
    String budget = "";

    @Option(
            names = {"-n", "--namespace"},
            defaultValue = "default",
            description = "Namespace of the Budget. Default: ${DEFAULT-VALUE}.")
    String namespace = "default";

    @Option(
            names = "--holder",
            required = true,
            description = "Whose lease, as `tollgate ledger show` names it: LOG/START.")
    String holder = "";

    @Option(names = "--reason", required = true, description = "Why you know that it is lost.")
    String reason = "";

    @Option(names = "--yes", description = "Do not ask.")
    boolean yes;

    @Option(
            names = "--wait",
            defaultValue = "60",
            paramLabel = "SECONDS",
            description = "How long to wait for the operator. Default: ${DEFAULT-VALUE}.")
    int waitSeconds = 60;

    @Mixin KubeFlags kube = new KubeFlags();

    @Override
    int run() throws InterruptedException {
        try (var client = kube.client()) {
            try {
                return reclaim(client, Clock.systemUTC());
            } catch (KubernetesClientException e) {
                throw KubeFlags.failure(
                        "Budget " + namespace + "/" + budget, client, ApiFailure.text(e));
            }
        }
    }

    private int reclaim(KubernetesClient client, Clock clock) throws InterruptedException {
        var resource =
                client.resources(BudgetResource.class).inNamespace(namespace).withName(budget);
        var known = resource.get();
        if (known == null) {
            throw CommandFailure.usage("there is no Budget " + namespace + "/" + budget);
        }
        var request = request(user(client), reason);
        if (told(known, request.toString()) != null) {
            // the same words are not handled twice
            var now = Instant.now(clock).truncatedTo(ChronoUnit.SECONDS);
            request = request(request.user(), reason + " (again, " + now + ")");
        }
        confirm(request);
        var text = request.toString();
        resource.edit(
                object -> {
                    object.getMetadata().getAnnotations().put(ReclaimRequest.ANNOTATION, text);
                    return object;
                });
        var answer = await(resource, text, clock);
        spec.commandLine().getOut().println(answer.message());
        spec.commandLine().getOut().flush();
        return answer.outcome() == ReclaimStatus.Outcome.RETURNED ? ExitCode.OK : ExitCode.FAILED;
    }

    /** As the admission policy sees them. */
    private static String user(KubernetesClient client) {
        var review =
                client.authentication().v1().selfSubjectReviews().create(new SelfSubjectReview());
        return review.getStatus().getUserInfo().getUsername();
    }

    private ReclaimRequest request(String user, String why) {
        try {
            return new ReclaimRequest(HolderId.parse(holder), user, why.strip());
        } catch (IllegalArgumentException e) {
            throw CommandFailure.usage(String.valueOf(e.getMessage()));
        }
    }

    private void confirm(ReclaimRequest request) {
        if (yes) {
            return;
        }
        var console = System.console();
        if (console == null || !console.isTerminal()) {
            throw CommandFailure.usage("there is no terminal to ask at (expected: --yes)");
        }
        var answer =
                console.readLine(
                        "What %s holds of Budget %s/%s may be spent by others then, and %s answers"
                                + " for it. Go on? [y/N] ",
                        request.holder(), namespace, budget, request.user());
        if (answer == null || !answer.strip().toLowerCase(Locale.ROOT).startsWith("y")) {
            throw CommandFailure.failed("nothing was asked for");
        }
    }

    private static @Nullable ReclaimStatus told(@Nullable BudgetResource object, String text) {
        var last =
                object == null || object.getStatus() == null
                        ? null
                        : object.getStatus().lastReclaim();
        return last == null || !last.request().equals(text) ? null : last;
    }

    private ReclaimStatus await(Resource<BudgetResource> resource, String text, Clock clock)
            throws InterruptedException {
        var begun = clock.instant();
        var lineAt = begun.plus(BETWEEN_LINES);
        while (clock.instant().isBefore(begun.plusSeconds(waitSeconds))) {
            var answer = told(resource.get(), text);
            if (answer != null) {
                return answer;
            }
            if (!clock.instant().isBefore(lineAt)) {
                lineAt = lineAt.plus(BETWEEN_LINES);
                spec.commandLine().getErr().println("waiting for the operator ...");
                spec.commandLine().getErr().flush();
            }
            Thread.sleep(BETWEEN_LOOKS);
        }
        throw CommandFailure.failed(
                "the operator has not answered in "
                        + waitSeconds
                        + " s: is it running, and does its store answer? The annotation stands, and is"
                        + " handled once it can be");
    }
}
