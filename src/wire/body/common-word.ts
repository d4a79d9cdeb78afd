/**
 * Lists words found in nearly every body, to match them without decoding. A missing word only costs
 * some time.
 */

import { KeyTable } from "./key-table.ts";

/** Fields of requests, answers, usage objects and settings. */
export const commonFields = new KeyTable(
  (
    "model messages max_tokens max_completion_tokens stream stream_options include_usage temperature top_p tools tool_choice user n stop seed " +
    "response_format reasoning_effort parallel_tool_calls service_tier store metadata system thinking type budget_tokens stop_sequences " +
    "input instructions max_output_tokens text format reasoning effort summary include previous_response_id truncation " +
    "contents generationConfig maxOutputTokens systemInstruction safetySettings toolConfig thinkingConfig thinkingBudget topP topK " +
    "id object created created_at status error incomplete_details choices usage system_fingerprint output max_tool_calls response " +
    "role content stop_reason stop_sequence sequence_number item item_id output_index content_index delta " +
    "candidates usageMetadata modelVersion responseId promptFeedback index verbosity prompt_cache_key safety_identifier background " +
    "top_logprobs conversation prompt encoding_format dimensions"
  ).split(" "),
);

/** Values of `type` and similar fields. */
export const commonValues = new KeyTable(
  (
    "text input_text output_text image_url input_image image file input_file document input_audio ephemeral 5m 1h " +
    "tool_use tool_result function function_call function_call_output message reasoning thinking " +
    "object string array number integer boolean null"
  ).split(" "),
);
