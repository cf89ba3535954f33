import { fileDesc } from "@bufbuild/protobuf/codegenv2";

/**
 * Stands in for the generated buf/validate/validate_pb.ts, an eighth of the page's code: the contract's rules are checked by
 * Greenroom, and the page never asks for them. A file of that name and package, with nothing in it.
 */
export const file_buf_validate_validate = /*@__PURE__*/ fileDesc("ChtidWYvdmFsaWRhdGUvdmFsaWRhdGUucHJvdG8SDGJ1Zi52YWxpZGF0ZWIGcHJvdG8z");
