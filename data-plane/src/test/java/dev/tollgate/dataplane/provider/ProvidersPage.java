package dev.tollgate.dataplane.provider;

import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.deviation.Deviation;
import dev.tollgate.policy.price.Catalogue;
import dev.tollgate.policy.snapshot.ProviderEntry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The text of docs/providers.md, from what the compiler makes of the examples. */
final class ProvidersPage {
    private ProvidersPage() {}

    private record Row(String file, ProviderEntry entry) {
        int models() {
            return Catalogue.builtIn().models(entry.type()).size();
        }

        boolean isOwn() {
            return models() == 0;
        }
    }

    static String text() throws IOException {
        var rows = new ArrayList<Row>();
        for (var file : Examples.files()) {
            rows.add(new Row(file.getFileName().toString(), Examples.provider(file)));
        }
        var text =
                new StringBuilder(
                        """
                        # Providers

                        This page is generated from the code and the examples; a test compares them. `spec.type` knows a provider's address, its
                        authentication, its models with their prices, and what it does not take of its dialect, so that eight lines and a Secret make
                        it usable: the files of `examples/providers`.

                        | type | dialect | address | models of the catalogue | example |
                        |---|---|---|---|---|
                        """);
        rows.forEach(row -> text.append(line(row)));
        text.append(
                """

                `VertexAI`, `Bedrock` and `AzureOpenAI` are refused with reason `UnsupportedValue` for now.

                - **Auth.** `APIKey` is sent as the provider wants it: `Authorization: Bearer`, Anthropic's `x-api-key`, Gemini's
                  `x-goog-api-key`. `None` sends nothing; `Ollama` needs no more, and `VLLM` only if it was started with `--api-key`.
                - **Address.** `endpoint` overrides it. `VLLM` and `OpenAICompatible` have none. The one of `Ollama` is this host, which endpoint
                  policy `any` alone allows, as on a laptop; in a cluster name its Service.
                - **Models.** Without `models` the whole catalogue is served, each model under its own name; a RoutingPolicy comes first. With
                  `models` only those are, under their `aliases`. Names that several providers give go to the namespace's own one, then to the
                  first by name.
                - **Prices.** What neither the catalogue nor `models[].pricing` prices is refused (`UnknownPrice`), since no budget could hold: write
                  `pricing: {inputPer1M: "0.10", outputPer1M: "0.40"}` at the model; `0` for a server of your own, or
                  `pricing.onUnknownModel: Free` for all its models.

                ## What is done about deviations

                Whatever dialect a client speaks, its request is fitted to the provider: what the provider is known not to take is left out where
                the answer stays what was asked for, which header `x-tollgate-dropped` tells, and refused with 400 where it would not. A request of
                an OpenAI client keeps every other byte. Answers need no such list: reasoning in `reasoning_content`, `reasoning` or parts of type
                `thinking`, usage in every known place, `search_results` and `citations`, and the words for a finish of all these servers are
                understood from each; answers that end with `error`, `abort` or `insufficient_system_resource` are failures, not answers.
                """);
        for (var row : rows) {
            var deviations = Deviation.of(row.entry.quirks());
            if (isChat(row) && !deviations.isEmpty()) {
                text.append("\n### ").append(row.entry.type()).append("\n\n");
                deviations.forEach(d -> text.append("- ").append(d.words()).append(".\n"));
            }
        }
        return text.toString();
    }

    private static boolean isChat(Row row) {
        return Dialect.of(row.entry.dialect()) == Dialect.OPENAI_CHAT;
    }

    private static String line(Row row) {
        var entry = row.entry;
        var address =
                switch (entry.type()) {
                    case "Ollama" -> "`http://localhost:11434/v1`";
                    case "VLLM", "OpenAICompatible" -> "to be given";
                    default -> "`" + entry.url() + "`";
                };
        return "| "
                + String.join(
                        " | ",
                        List.of(
                                "`" + entry.type() + "`",
                                entry.dialect(),
                                address,
                                row.isOwn() ? "none, to be given" : Integer.toString(row.models()),
                                "[" + row.file + "](../examples/providers/" + row.file + ")"))
                + " |\n";
    }
}
