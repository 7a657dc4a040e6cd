package dev.tollgate.dialects.error;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tollgate.dialects.Dialect;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The bodies in which servers of chat completions say what went wrong. */
class ProviderErrorsTest {

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    mistral, fields  | 422 | {"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","user"],"msg":"Extra inputs are not permitted","input":1}]},"type":"invalid_request_error","param":null,"code":null} | INVALID_REQUEST | CLIENT | user: Extra inputs are not permitted
                    mistral, detail  | 422 | {"detail":[{"loc":["body","messages",0,"role"],"msg":"bad role"},{"loc":["body"],"msg":"no model"}]} | INVALID_REQUEST | CLIENT | messages.0.role: bad role; no model
                    mistral, both    | 400 | {"object":"Error","message":[{"loc":["body","tools"],"msg":"Extra inputs are not permitted"}],"type":"invalid_request_error","code":3001} | INVALID_REQUEST | CLIENT | tools: Extra inputs are not permitted
                    mistral, plain   | 400 | {"object":"error","message":"Invalid model: x","type":"invalid_model","param":null,"code":"1500"} | INVALID_REQUEST | CLIENT | Invalid model: x
                    mistral, detail  | 401 | {"detail":"Unauthorized"} | UPSTREAM | CREDENTIAL | the provider refuses the gateway's credential
                    xai, argument    | 400 | {"code":"Client specified an invalid argument","error":"Model grok-4 does not support parameter presencePenalty."} | INVALID_REQUEST | CLIENT | Model grok-4 does not support parameter presencePenalty.
                    xai, key         | 400 | {"code":"Client specified an invalid argument","error":"Incorrect API key provided: xa***yz."} | UPSTREAM | CREDENTIAL | the provider refuses the gateway's credential
                    xai, credits     | 429 | {"code":"Some resource has been exhausted","error":"Your team has either used all available credits or reached its monthly spending limit."} | UPSTREAM | BALANCE | the provider's account has no balance or quota left
                    cerebras, flat   | 400 | {"message":"messages.2.assistant.reasoning_content: property is unsupported","type":"invalid_request_error","param":"validation_error","code":"wrong_api_format"} | INVALID_REQUEST | CLIENT | messages.2.assistant.reasoning_content: property is unsupported
                    cerebras, rate   | 429 | {"message":"Requests per minute limit exceeded","type":"too_many_requests_error","param":"quota","code":"request_quota_exceeded"} | RATE_LIMITED | PROVIDER | Requests per minute limit exceeded
                    groq, property   | 400 | {"error":{"message":"property 'store' is unsupported","type":"invalid_request_error"}} | INVALID_REQUEST | CLIENT | property 'store' is unsupported
                    groq, minute     | 413 | {"error":{"message":"Request too large for model `m`: Limit 6000, Requested 9000","type":"tokens","code":"rate_limit_exceeded"}} | RATE_LIMITED | PROVIDER | Request too large for model `m`: Limit 6000, Requested 9000
                    groq, flex       | 498 | {"error":{"message":"Flex tier capacity exceeded","type":"invalid_request_error","code":"capacity_exceeded"}} | OVERLOADED | PROVIDER | Flex tier capacity exceeded
                    cohere, plain    | 400 | {"id":"1","message":"invalid request: n is not supported"} | INVALID_REQUEST | CLIENT | invalid request: n is not supported
                    cohere, blocked  | 498 | {"message":"blocked output"} | CONTENT_POLICY | CLIENT | blocked output
                    deepseek, money  | 402 | {"error":{"message":"Insufficient Balance","type":"unknown_error","param":null,"code":"invalid_request_error"}} | UPSTREAM | BALANCE | the provider's account has no balance or quota left
                    openrouter, raw  | 400 | {"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{\\"error\\":{\\"message\\":\\"tools are not supported\\"}}","provider_name":"X"}}} | INVALID_REQUEST | CLIENT | Provider returned error: tools are not supported
                    openrouter, text | 429 | {"error":{"message":"Provider returned error","code":429,"metadata":{"raw":"slow down"}}} | RATE_LIMITED | PROVIDER | Provider returned error: slow down
                    openrouter, long | 400 | {"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{\\"message\\":\\"This model's maximum context length is 4096 tokens\\"}"}}} | CONTEXT_LENGTH | CLIENT | Provider returned error: This model's maximum context length is 4096 tokens
                    fireworks, money | 412 | {"error":{"message":"Account x is suspended, possibly due to reaching the monthly spending limit"}} | UPSTREAM | BALANCE | the provider's account has no balance or quota left
                    fireworks, extra | 400 | {"error":{"object":"error","type":"invalid_request_error","message":"Extra inputs are not permitted, field: 'store'"}} | INVALID_REQUEST | CLIENT | Extra inputs are not permitted, field: 'store'
                    perplexity       | 400 | {"error":{"message":"Invalid model 'x'","type":"invalid_model","code":400}} | INVALID_REQUEST | CLIENT | Invalid model 'x'
                    together         | 503 | {"error":{"message":"The server is overloaded","type":"server_error","param":null,"code":null}} | OVERLOADED | PROVIDER | The server is overloaded
                    vllm, flat       | 404 | {"object":"error","message":"The model `x` does not exist.","type":"NotFoundError","param":null,"code":404} | MODEL_NOT_FOUND | CLIENT | The model `x` does not exist.
                    vllm, length     | 400 | {"error":{"message":"This model's maximum context length is 4096 tokens.","type":"BadRequestError","code":400}} | CONTEXT_LENGTH | CLIENT | This model's maximum context length is 4096 tokens.
                    ollama, model    | 404 | {"error":{"message":"model 'x' not found, try pulling it first","type":"api_error","param":null,"code":null}} | MODEL_NOT_FOUND | CLIENT | model 'x' not found, try pulling it first
                    ollama, string   | 500 | {"error":"llama runner process has terminated"} | UPSTREAM | PROVIDER | llama runner process has terminated
                    a page           | 502 | <html>Bad gateway</html> | UPSTREAM | PROVIDER | the provider answered with status 502
                    """)
    void areUnderstood(
            String what,
            int status,
            String body,
            String kind,
            UpstreamError.Fault fault,
            String message) {
        var error =
                UpstreamError.read(
                        Dialect.OPENAI_CHAT, status, body.getBytes(StandardCharsets.UTF_8));
        assertEquals(kind, error.kind().name(), what);
        assertEquals(fault, error.fault(), what);
        assertEquals(message, error.message(), what);
    }
}
