"""What the shop is told of its database: where it is, and where its credentials lie. Never the password."""

import pulumi
import pulumi_aws as aws

from prodfirst.contracts.program import read

database = read("database")
prefix = pulumi.Config("prodfirst").require("prefix")

for setting in ("endpoint", "credentials"):
    aws.ssm.Parameter(setting, name=f"/{prefix}/database/{setting}", type="String", value=database[setting])
