"""What the application is told of its storage."""

import pulumi
import pulumi_aws as aws

from prodfirst.contracts.program import read

prefix = pulumi.Config("prodfirst").require("prefix")

aws.ssm.Parameter("bucket", name=f"/{prefix}/bucket", type="String", value=read("storage").documents_bucket)
